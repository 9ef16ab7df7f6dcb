package helper

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
)

const placeholder = "[secret]"

// A Secret is a string that must not be shown: an access token or a refresh token. Every formatting verb, log value,
// JSON and text form of it is a placeholder; only [Secret.Reveal] returns the string. The zero Secret is empty.
//
// The string is behind a pointer because fmt calls no methods on values in unexported fields: there it prints an
// address.
type Secret struct{ text *string }

// NewSecret returns a Secret that contains text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the string itself. Each call should be audited.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal reports whether both secrets contain the same string, in constant time.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// Digest returns the SHA-256 of the string in hexadecimal. It identifies a token without revealing it, provided that
// the token has many random bits. The digest of the empty Secret is empty.
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

// MarshalText returns the placeholder. JSON and the handlers of log/slog use it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
