"""The command line: files in, files and sentences out."""
