// Package app wires tappa's parts together: it starts them in order, and stops them in the opposite order. It decides
// nothing about interactions or numbers.
package app
