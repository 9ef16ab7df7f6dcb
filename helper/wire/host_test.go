package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

func TestParseHost(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"gw.example", "https://gw.example"},
		{"GW.Example", "https://gw.example"},
		{"gw.example:443", "https://gw.example"},
		{"gw.example:8443", "https://gw.example:8443"},
		{"gw.example:08443", "https://gw.example:8443"},
		{"https://gw.example/", "https://gw.example"},
		{"https://index.example/v1/", "https://index.example"},
		{"HTTPS://gw.example", "https://gw.example"},
		{"my_host", "https://my_host"},
		{"10.0.0.1:8443", "https://10.0.0.1:8443"},
		{"https://localhost:8443", "https://localhost:8443"},
		{"127.0.0.1:7777", "http://127.0.0.1:7777"},
		{"127.0.0.1:80", "http://127.0.0.1"},
		{"http://127.9.9.9", "http://127.9.9.9"},
		{"https://127.0.0.1:443", "https://127.0.0.1"},
		{"[::1]:7777", "http://[::1]:7777"},
		{"http://[0:0:0:0:0:0:0:1]", "http://[::1]"},
		{"https://[2001:db8::1]:1", "https://[2001:db8::1]:1"},
	} {
		h, err := wire.ParseHost(row.text)
		if err != nil || h.String() != row.want {
			t.Errorf("ParseHost(%q) = %v, %v; want %s", row.text, h, err, row.want)
		}
	}
}

func TestParseHostRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"":                        "no name",
		"http://gw.example":       "only on 127.0.0.1",
		"http://localhost":        "only on 127.0.0.1",
		"http://127.0.0.1.evil":   "only on 127.0.0.1",
		"http://[::ffff:7f00:1]":  "only on 127.0.0.1",
		"ftp://gw.example":        "not https",
		"git+ssh://gw.example":    "not https",
		"https://u:p@gw.example":  "user information",
		"evil@gw.example":         "user information",
		"https://gw.example?x":    "a query",
		"https://gw.example?":     "a query",
		"https://gw.example#x":    "a query",
		"gw.example:":             "no port",
		"gw.example:0":            "no port",
		"gw.example:65536":        "no port",
		"gw.example:http":         "not parse",
		"gw.example\n":            "characters",
		"gw.example\r":            "characters",
		"gw\x00.example":          "characters",
		"gw.example ":             "characters",
		"gw%0a.example":           "not parse",
		"gw%00.example":           "not parse",
		"gw%2eexample":            "not parse",
		"https://[fe80::1%25en0]": "no name",
		"https://[::1":            "not parse",
		"gw..example":             "no name",
		"gw.example.":             "no name",
		".gw.example":             "no name",
		"bücher.example":          "characters",
		"b%C3%BCcher.example":     "no name",
		"*.example":               "no name",
		strings.Repeat("a", 254):  "no name",
	} {
		h, err := wire.ParseHost(text)
		if !errors.Is(err, helper.ErrInvalid) || h != (wire.Host{}) || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseHost(%.40q) = %v, %v; want ErrInvalid: %s", text, h, err, why)
		}
	}
}

func TestChatGPT(t *testing.T) {
	for text, want := range map[string]bool{
		"https://chatgpt.com":      true,
		"chatgpt.com:443":          true,
		"ChatGPT.com/backend-api/": true,
		"chatgpt.com:8443":         false,
		"chatgpt.com.evil.example": false,
		"evil-chatgpt.com":         false,
		"api.openai.com":           false,
	} {
		if h, err := wire.ParseHost(text); err != nil || h.ChatGPT() != want {
			t.Errorf("ParseHost(%q).ChatGPT() = %v, %v; want %v", text, h.ChatGPT(), err, want)
		}
	}
}

// FuzzParseHost checks that a host has one form, which holds nothing that a line or
// a header could be cut at.
func FuzzParseHost(f *testing.F) {
	for _, text := range []string{
		"gw.example", "https://gw.example:8443/x", "127.0.0.1:7777", "[::1]", "http://[::1]:80",
		"a@b", "gw%0a", "x:99999",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := wire.ParseHost(text)
		if err != nil {
			if !errors.Is(err, helper.ErrInvalid) || h != (wire.Host{}) {
				t.Errorf("ParseHost(%q) = %v, %v; want nothing and ErrInvalid", text, h, err)
			}
			return
		}
		again, err := wire.ParseHost(h.String())
		if err != nil || again != h {
			t.Errorf("%q reads back as %v, %v", h, again, err)
		}
		if strings.ContainsFunc(h.String(),
			func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("@%?#\\", r) }) {
			t.Errorf("ParseHost(%q) = %q", text, h)
		}
		if !h.Secure() && !strings.HasPrefix(h.Address(), "127.") && !strings.HasPrefix(h.Address(), "[::1]") {
			t.Errorf("ParseHost(%q) = %q, which is neither https nor loopback", text, h)
		}
	})
}
