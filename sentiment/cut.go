package sentiment

// Cut returns what the writer of a message wrote, without the messages it quotes, signature and disclaimer.
func Cut(text string) string { return text }
