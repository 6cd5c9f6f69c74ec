"""What others would write for the same job; measured beside ours, in the same run."""
