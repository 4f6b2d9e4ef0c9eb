"""What stands between the runtime and AWS services other than the store: each imported only where it is used."""
