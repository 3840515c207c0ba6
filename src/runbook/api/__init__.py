"""The API as a client sees it: requests, tokens and the headers that it must refuse."""
