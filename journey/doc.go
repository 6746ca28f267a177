// Package journey holds tappa's domain: interactions, and the journey file that says what they mean.
package journey
