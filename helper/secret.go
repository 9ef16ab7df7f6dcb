package helper

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
)

const placeholder = "[secret]"

// A Secret is a text that must not be shown: an access token or a refresh
// token. Every formatting verb, log value, JSON and text form of it is a
// placeholder; [Secret.Reveal] is the only way to the text. The zero Secret is
// empty.
//
// The text is behind a pointer because fmt calls no methods on values below an
// unexported field: there it prints an address.
type Secret struct{ text *string }

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text itself. Each call is a place to audit.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal reports whether both secrets hold the same text, in a time that does
// not depend on where they differ.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// Digest returns the SHA-256 of the text in hexadecimal, by which a token of
// many random bits can be told from another without being known; empty for the
// empty Secret.
func (s Secret) Digest() string {
	if s.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(sum[:])
}

// String returns the placeholder.
func (s Secret) String() string { return placeholder }

// Format writes the placeholder for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// MarshalText returns the placeholder, which is also the JSON form, and what the
// handlers of log/slog write.
func (s Secret) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
