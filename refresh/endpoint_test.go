package refresh_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

func TestCheckEndpoint(t *testing.T) {
	for _, good := range []string{
		"https://auth.openai.com/oauth/token", "https://example.com", "https://localhost/token",
		"http://127.0.0.1:8080/token", "http://127.9.9.9/token", "http://[::1]:8080/token",
	} {
		if err := refresh.CheckEndpoint(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "/token", "token", "https://", "https:///token", "ftp://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)",
		"http://auth.openai.com/oauth/token", "http://localhost:8080/", "http://127.0.0.1.evil.example/", "http://127.1/",
		"http://0.0.0.0/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::1%25lo]/", "http://10.0.0.1/",
		"https://user@example.com/", "https://user:pass@example.com/", "http://127.0.0.1@evil.example/",
		"https://example.com/?a=b", "https://example.com/?", "https://example.com/#a", "https://example.com/#",
		"https://example.com:port/", "https://exa mple.com/", "https://example.com/\n", "http://2130706433/",
		"https://example.com/\u202etoken", "https://example.com/\u009btoken", "https://b\u00fccher.example/",
		"https://example.com/a b",
	} {
		err := refresh.CheckEndpoint(bad)
		if !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("%q: error %v, want ErrInvalid", bad, err)
		}
		if err != nil && strings.Contains(err.Error(), "pass@") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
}
