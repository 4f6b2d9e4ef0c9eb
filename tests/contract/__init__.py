"""The black-box suite: real clients against any base URL."""
