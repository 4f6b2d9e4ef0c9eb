"""The way to the AWS services that requests need: their JSON protocol, signed, over kept-alive connections."""
