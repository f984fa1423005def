"""The files of test drops: where they are kept, and who may reach them."""
