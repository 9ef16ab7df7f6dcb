package helper

import (
	"regexp"
	"strings"
)

// MaskEmail keeps the first two letters and the domain of an e-mail address:
// us***@example.com. What is no address is masked whole; nothing stays nothing.
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

// MaskEmails masks every e-mail address in the text, for text from others.
func MaskEmails(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	// Of what stands before the @ it takes rather too much than too little. It is made
	// here, where somebody waits for an error, because at each start it would cost.
	address := regexp.MustCompile(`[^\s@"'<>()\[\],;:\\]+@[\pL\pN-]+(\.[\pL\pN-]+)*`)
	return address.ReplaceAllStringFunc(text, MaskEmail)
}
