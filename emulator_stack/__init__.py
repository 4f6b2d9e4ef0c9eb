"""The infrastructure, as an AWS CDK application."""
