TARGETS = networking
