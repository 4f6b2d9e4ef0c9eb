"""The scripts that build, test and deploy, with fakes for the programs they drive."""
