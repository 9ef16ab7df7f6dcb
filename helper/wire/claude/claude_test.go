package claude_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/claude"
)

func TestEncode(t *testing.T) {
	for want, token := range map[string]wire.Token{
		`{"token":"at-1","headers":{}}`: {Access: helper.NewSecret("at-1")},
		`{"token":"at-1","headers":{"ChatGPT-Account-Id":"acct-1"}}`: {
			Access: helper.NewSecret("at-1"), Headers: []wire.Header{{Name: "ChatGPT-Account-Id", Value: "acct-1"}},
		},
	} {
		var out strings.Builder
		if err := claude.Encode(&out, token); err != nil || out.String() != want+"\n" {
			t.Errorf("%s, %v; want %s", out.String(), err, want)
		}
	}
}

// FuzzEncode checks that the answer reads back.
func FuzzEncode(f *testing.F) {
	f.Add("at-1", "X-Name", "value")
	f.Fuzz(func(t *testing.T, token, name, value string) {
		if !utf8.ValidString(token + "." + name + "." + value) {
			return // JSON holds nothing else
		}
		var out strings.Builder
		headers := []wire.Header{{Name: name, Value: value}}
		err := claude.Encode(&out, wire.Token{Access: helper.NewSecret(token), Headers: headers})
		var got struct {
			Token   string
			Headers map[string]string
		}
		if err == nil {
			err = json.Unmarshal([]byte(out.String()), &got)
		}
		if err != nil || got.Token != token || len(got.Headers) != 1 || got.Headers[name] != value {
			t.Errorf("%q, %q, %q became %q, %v", token, name, value, out.String(), err)
		}
	})
}
