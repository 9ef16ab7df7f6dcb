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
	// maxClaim is more than the longest e-mail address (RFC 5321 section
	// 4.5.3.1: 64 + 1 + 255).
	maxClaim = 320
)

// longWord is anything in a server's text that could be a token. It is made when
// it is needed, as a get is without it.
func longWord() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9_.~+/=-]{24,}`) }

// sanitize makes text from outside fit for a terminal: one line, no control
// characters, no marks that turn the direction of writing, at most limit runes.
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

// sanitizeText is clean for the words of an authorization server, which may repeat
// what they were sent, and know who it is about: whatever could be a token is left
// out, and e-mail addresses are masked.
func sanitizeText(s string) string {
	return sanitize(longWord().ReplaceAllString(helper.MaskEmails(sanitize(s, maxBody)), "[...]"), maxText)
}

// joinErrors returns one error of one line for two, of which any may be nil.
func joinErrors(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, other)
}
