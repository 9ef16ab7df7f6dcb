package helper_test

import (
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

func TestMaskEmails(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "",
		"nobody":           "nobody",
		"user@example.com": "us***@example.com",
		"no session of <user@example.com>, sorry": "no session of <us***@example.com>, sorry",
		`"first.last+tag@mail.example.co.uk"`:     `"fi***@mail.example.co.uk"`,
		"a@example.com and bo@example.com":        "***@example.com and b***@example.com",
		"üser@example.com;x@y.z":                  "üs***@example.com;***@y.z",
		"https://user@example.com/":               "https://***@example.com/",
		"someone@localhost":                       "so***@localhost",
		"cut off: someone@exam...":                "cut off: so***@exam...",
		"@example.com":                            "@example.com",
	} {
		if got := helper.MaskEmails(text); got != want {
			t.Errorf("MaskEmails(%q) = %q, want %q", text, got, want)
		}
	}
}
