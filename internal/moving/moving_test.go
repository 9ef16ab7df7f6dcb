package moving_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/moving"
)

// codexFile is a file of Codex 0.169, with an unknown member.
const codexFile = `{
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": null,
  "tokens": {
    "id_token": "id-token-1",
    "access_token": "access-token-1",
    "refresh_token": "refresh-token-1",
    "oauth_provenance": {
      "issuer": "https://auth.openai.com",
      "client_id": "app_EMoamEEZ73f0CkXaXp7hrann"
    },
    "login_owner_id": "0123456789012345678901234567890123456789012",
    "account_id": "acct-1"
  },
  "last_refresh": "2026-11-24T09:30:00.123456789Z"
}`

// openCodeFile has an API key and an unrelated entry beside the sign-in.
const openCodeFile = `{
  "anthropic": {
    "type": "api",
    "key": "key-of-another"
  },
  "openai": {
    "type": "oauth",
    "refresh": "refresh-token-1",
    "access": "access-token-1",
    "expires": 1800000000000,
    "accountId": "acct-1"
  },
  "https://corp.example": { "type": "wellknown", "key": "NAME", "token": "token-of-another" }
}`

const poolFile = `{
  "version": 3,
  "accounts": [
    {
      "refreshToken": "refresh-token-1",
      "accessToken": "access-token-1",
      "expiresAt": 1800000000000,
      "tokenRotatedAt": 1799996400000,
      "accountId": "acct-1",
      "accountUserId": "u-1",
      "email": "user@example.com",
      "accountLabel": "My Work / Berlin",
      "accountTags": ["a"],
      "addedAt": 1,
      "lastUsed": 2
    },
    { "refreshToken": "refresh-token-2", "accountLabel": "user@example.com", "addedAt": 1 },
    { "refreshToken": "refresh-token-3", "accessToken": "access-token-3", "accountId": "acct-3", "enabled": false }
  ],
  "activeIndex": 2,
  "activeIndexByFamily": { "gpt-5.4": 2, "codex": 0, "odd": "x" },
  "future": {"kept": [1, 2]}
}
`

func secret(s string) helper.Secret { return helper.NewSecret(s) }

func bySecret(a, b helper.Secret) bool { return a.Equal(b) }

func TestParse(t *testing.T) {
	ends := time.UnixMilli(1800000000000).UTC()
	one := moving.Entry{Place: "tokens", Name: "codex", Access: secret("access-token-1"), Refresh: secret("refresh-token-1"), Identity: helper.Identity{AccountID: "acct-1"}}
	codex := one
	codex.ID, codex.Issuer, codex.ClientID = secret("id-token-1"), "https://auth.openai.com", "app_EMoamEEZ73f0CkXaXp7hrann"
	codex.Renewed = time.Date(2026, 11, 24, 9, 30, 0, 123456789, time.UTC)
	old := one // without auth_mode and oauth_provenance
	open := one
	open.Place, open.Name, open.Expiry = "openai", "opencode", ends
	unlimited := open
	unlimited.Place, unlimited.Expiry, unlimited.Identity = "codex", time.Time{}, helper.Identity{}
	work := moving.Entry{
		Place: "account 1", Name: "my-work-berlin", Access: secret("access-token-1"), Refresh: secret("refresh-token-1"),
		Expiry: ends, Renewed: ends.Add(-time.Hour), Identity: helper.Identity{AccountID: "acct-1", UserID: "u-1", Email: "user@example.com"},
	}
	for _, c := range []struct {
		name, doc string
		format    moving.Format
		want      []moving.Entry
	}{
		{"codex", codexFile, moving.Codex, []moving.Entry{codex}},
		{"codex of old", `{"OPENAI_API_KEY":"sk-x","tokens":{"access_token":"access-token-1","refresh_token":"refresh-token-1","account_id":"acct-1"}}`, moving.Codex, []moving.Entry{old}},
		{"opencode", openCodeFile, moving.OpenCode, []moving.Entry{open}},
		{"opencode under the wrong name", `{"openai":{"type":"api","key":"k"},"codex":{"type":"oauth","refresh":"refresh-token-1","access":"access-token-1","expires":-1}}`, moving.OpenCode, []moving.Entry{unlimited}},
		{"opencode without an access token", `{"openai":{"type":"oauth","refresh":"refresh-token-1","access":"","expires":0}}`, moving.OpenCode, []moving.Entry{
			{Place: "openai", Name: "opencode", Refresh: secret("refresh-token-1"), Problem: "it has no access token; use it once there, so that it gets one"},
		}},
		{"pool", poolFile, moving.Pool, []moving.Entry{
			work,
			{Place: "account 2", Name: "oc-codex", Refresh: secret("refresh-token-2"), Problem: "it has no access token; use it once there, so that it gets one"},
			{Place: "account 3", Name: "oc-codex", Access: secret("access-token-3"), Refresh: secret("refresh-token-3"), Identity: helper.Identity{AccountID: "acct-3"}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, want := range []moving.Format{"", c.format} {
				format, got, err := moving.Parse([]byte(c.doc), want)
				if err != nil || format != c.format {
					t.Fatalf("format %q, error %v", format, err)
				}
				if diff := cmp.Diff(c.want, got, cmp.Comparer(bySecret)); diff != "" {
					t.Errorf("as %q (-want +got):\n%s", want, diff)
				}
				for _, e := range got {
					if err := helper.CheckName(e.Name); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

func TestParseFindsNothing(t *testing.T) {
	for name, doc := range map[string]string{
		"an API key":         `{"auth_mode":"apikey","OPENAI_API_KEY":"sk-x"}`,
		"an API key of old":  `{"OPENAI_API_KEY":"sk-x"}`,
		"a mode to come":     `{"auth_mode":"telepathy","tokens":{"refresh_token":"r","access_token":"a"}}`,
		"a hand-off":         `{"auth_mode":"chatgptAuthTokens","tokens":{"access_token":"a","refresh_token":"r"}}`,
		"signed out":         `{"auth_mode":"chatgpt","tokens":null,"OPENAI_API_KEY":null}`,
		"no refresh token":   `{"tokens":{"access_token":"a","refresh_token":""}}`,
		"keys in opencode":   `{"openai":{"type":"api","key":"k"}}`,
		"the marker of ours": `{"openai":{"type":"oauth","refresh":"codex-cred","access":"codex-cred","expires":253402300799000}}`,
		"a pool of nobody":   `{"version":3,"accounts":[],"activeIndex":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, entries, err := moving.Parse([]byte(doc), ""); !errors.Is(err, helper.ErrNotFound) || len(entries) > 0 {
				t.Errorf("entries %v, error %v; want none and ErrNotFound", entries, err)
			}
		})
	}
}

// TestParseRefuses checks that Parse returns nothing of a malformed document, and quotes none of
// it.
func TestParseRefuses(t *testing.T) {
	const hidden = "a-secret-that-is-long-enough"
	deep := func(open, close string) string { return strings.Repeat(open, 5000) + strings.Repeat(close, 5000) }
	for name, doc := range map[string]string{
		"it is empty":                    "",
		"of spaces":                      " \n",
		"it is not JSON":                 hidden,
		"cut short":                      codexFile[:len(codexFile)-3],
		"something follows":              codexFile + hidden,
		"not a JSON object":              `["` + hidden + `"]`,
		"null":                           `null`,
		"comments":                       "// " + hidden + "\n" + codexFile,
		"byte order mark":                "\ufeff" + codexFile,
		"UTF-16":                         "\xff\xfe{\x00}\x00",
		"more than 1048576 bytes":        `{"tokens":"` + strings.Repeat("x", moving.MaxSize) + `"}`,
		"more than 32":                   `{"tokens":` + deep(`[`, `]`) + `}`,
		"more than 32 objects":           `{"tokens":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40) + `}`,
		"twice":                          `{"tokens":{"refresh_token":"` + hidden + `","refresh_token":"r"}}`,
		"twice, at the root":             `{"tokens":{},"x":1,"tokens":{}}`,
		"twice, once with escapes":       `{"tokens":{},"t\u006fkens":{}}`,
		"twice, deep down":               `{"tokens":{"access_token":"a","refresh_token":"r"},"x":[{"y":{"` + hidden + `":1,"` + hidden + `":2}}]}`,
		"tokens has the wrong type":      `{"tokens":"` + hidden + `"}`,
		"tokens.access_token":            `{"tokens":{"access_token":["` + hidden + `"],"refresh_token":"r"}}`,
		"tokens.refresh_token":           `{"tokens":{"access_token":"a","refresh_token":12345}}`,
		"tokens.id_token":                `{"tokens":{"id_token":{"raw":"` + hidden + `"},"access_token":"a","refresh_token":"r"}}`,
		"tokens.oauth_provenance.issuer": `{"tokens":{"access_token":"a","refresh_token":"r","oauth_provenance":{"issuer":1}}}`,
		"no tokens.access_token":         `{"tokens":{"refresh_token":"` + hidden + `"}}`,
		"last_refresh is no time":        `{"tokens":{"access_token":"a","refresh_token":"r"},"last_refresh":"` + hidden + `"}`,
		"auth_mode has the wrong type":   `{"auth_mode":["` + hidden + `"]}`,
		"openai.refresh":                 `{"openai":{"type":"oauth","refresh":true,"access":"` + hidden + `"}}`,
		"openai.expires":                 `{"openai":{"type":"oauth","refresh":"r","access":"a","expires":"` + hidden + `"}}`,
		"no format version":              `{"version":"` + hidden + `","accounts":[]}`,
		"version is 2":                   `{"version":2,"accounts":[]}`,
		"version is 4":                   `{"version":4,"accounts":[]}`,
		"accounts has the wrong type":    `{"version":3,"accounts":{"` + hidden + `":1}}`,
		"accounts[1] has the wrong type": `{"version":3,"accounts":[{"refreshToken":"r"},"` + hidden + `"]}`,
		"accounts[0].refreshToken":       `{"version":3,"accounts":[{"refreshToken":7}]}`,
		"more than 100 accounts":         `{"version":3,"accounts":[` + strings.Repeat(`{},`, 100) + `{}]}`,
		"codex-cred store":               `{"access_token":"` + hidden + `"}`,
		"no file of Codex":               `{"` + hidden + `":{"x":1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, entries, err := moving.Parse([]byte(doc), "")
			if !errors.Is(err, helper.ErrInvalid) || len(entries) > 0 {
				t.Fatalf("entries %v, error %v; want none and ErrInvalid", entries, err)
			}
			if strings.Contains(err.Error(), hidden) || len(err.Error()) > 150 {
				t.Errorf("the error shows of the document: %v", err)
			}
			if want, _, _ := strings.Cut(name, ","); strings.Contains(want, " ") && !strings.HasPrefix(want, "of ") && !strings.HasPrefix(want, "something") && !strings.Contains(err.Error(), want) {
				t.Errorf("error %q, want %q in it", err, want)
			}
		})
	}
}

// TestParseWanted checks that Parse rejects a document in another format than the wanted one.
func TestParseWanted(t *testing.T) {
	if _, entries, err := moving.Parse([]byte(codexFile), moving.Pool); !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("Codex's as a pool: %v, %v", entries, err)
	}
	if _, entries, err := moving.Parse([]byte(poolFile), moving.OpenCode); !errors.Is(err, helper.ErrNotFound) && !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("a pool as OpenCode's: %v, %v", entries, err)
	}
}

func picks(tokens ...string) func(helper.Secret) bool {
	return func(s helper.Secret) bool {
		for _, token := range tokens {
			if s.Equal(helper.NewSecret(token)) {
				return true
			}
		}
		return false
	}
}

func TestWithout(t *testing.T) {
	for _, c := range []struct {
		name, doc string
		format    moving.Format
		gone      []string
		want      string // empty: the file can be deleted
	}{
		{"codex", codexFile, moving.Codex, []string{"refresh-token-1"}, ""},
		{"codex, of another", codexFile, moving.Codex, []string{"refresh-token-2"}, codexFile},
		{
			"codex, with a key and more", `{ "auth_mode": "chatgpt", "OPENAI_API_KEY": "sk-x",` + "\n\t" + `"tokens": {"access_token":"a","refresh_token":"r"},  "last_refresh":"2026-11-24T09:30:00Z", "new":[1,  2] }`,
			moving.Codex,
			[]string{"r"},
			`{ "OPENAI_API_KEY": "sk-x",  "new":[1,  2] }`,
		},
		{
			"opencode", openCodeFile, moving.OpenCode,
			[]string{"refresh-token-1"},
			strings.Replace(openCodeFile, `  "openai": {
    "type": "oauth",
    "refresh": "refresh-token-1",
    "access": "access-token-1",
    "expires": 1800000000000,
    "accountId": "acct-1"
  },
`, "", 1),
		},
		{"opencode, of another", openCodeFile, moving.OpenCode, []string{"", "key-of-another"}, openCodeFile},
		{"opencode, twice", `{"openai":{"type":"oauth","refresh":"r"},"x":1,"codex":{"type":"oauth","refresh":"r"}}`, moving.OpenCode, []string{"r"}, `{"x":1}`},
		{"pool, of another", poolFile, moving.Pool, []string{"refresh-token-4"}, poolFile},
		{
			"pool, the first", poolFile, moving.Pool,
			[]string{"refresh-token-1"},
			strings.NewReplacer(poolFile[strings.Index(poolFile, "    {\n"):strings.Index(poolFile, "    { \"refreshToken\": \"refresh-token-2")], "",
				`"activeIndex": 2`, `"activeIndex": 1`, `"gpt-5.4": 2`, `"gpt-5.4": 1`).Replace(poolFile),
		},
		{
			"pool, all", `{"version":3,"accounts":[{"refreshToken":"a"},{"refreshToken":"b"}],"activeIndex":1,"x": 0}`, moving.Pool,
			[]string{"a", "b"},
			`{"version":3,"accounts":[],"activeIndex":0,"x": 0}`,
		},
		{
			"pool, in the form of an edit", `{"version":3,"accounts":[ {"refreshToken":"a"} ],"activeIndex":0}`, moving.Pool,
			[]string{"a"},
			`{"version":3,"activeIndex":0, "accounts": []}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest, empty, err := moving.Without([]byte(c.doc), c.format, picks(c.gone...))
			if err != nil || empty != (c.want == "") {
				t.Fatalf("empty %t, error %v", empty, err)
			}
			if diff := cmp.Diff(c.want, string(rest)); diff != "" && !empty {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, token := range c.gone {
				if token != "" && strings.Contains(string(rest), `"`+token+`"`) && c.want != c.doc {
					t.Errorf("%s is still there", token)
				}
			}
		})
	}
}
