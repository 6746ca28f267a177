//go:build !linux

package testenv

func scratch() string { return "" }
