package helper

import (
	"regexp"
	"strings"
)

// MaskEmail masks an e-mail address except for its first two letters and its domain: us***@example.com. Any other text
// is masked completely; an empty text stays empty.
func MaskEmail(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok {
		if email == "" {
			return ""
		}
		return "***"
	}
	letters := []rune(local)
	keep := min(2, max(0, len(letters)-1))
	return string(letters[:keep]) + "***@" + domain
}

// MaskEmails masks every e-mail address in an untrusted text.
func MaskEmails(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	// The local part is matched generously. The expression is compiled here, on the way to an error message, because
	// compiling it at start would slow down every get.
	address := regexp.MustCompile(`[^\s@"'<>()\[\],;:\\]+@[\pL\pN-]+(\.[\pL\pN-]+)*`)
	return address.ReplaceAllStringFunc(text, MaskEmail)
}
