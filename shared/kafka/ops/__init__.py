"""What an operator needs around the kernel: topics as declared, recovery, replay, measurements."""
