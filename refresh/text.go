package refresh

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	maxCode = 80
	maxText = 200
	// maxClaim is longer than the longest e-mail address (RFC 5321 section 4.5.3.1: 64 + 1 + 255).
	maxClaim = 320
)

// longWord matches anything in a server's text that could be a token. It is compiled when needed: compiling it at start
// would slow down every get.
func longWord() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9_.~+/=-]{24,}`) }

// sanitize makes untrusted text safe to print: one line, no control characters, no bidirectional control characters,
// and at most limit characters.
func sanitize(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit]) + "..."
	}
	return strings.TrimSpace(s)
}

// sanitizeText sanitizes a text of an authorization server, which may repeat secrets and name a person: it removes
// anything that could be a token and masks e-mail addresses.
func sanitizeText(s string) string {
	return sanitize(longWord().ReplaceAllString(helper.MaskEmails(sanitize(s, maxBody)), "[...]"), maxText)
}

// joinErrors joins two errors, each of which may be nil, into one with a message of one line.
func joinErrors(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, other)
}
