package helper_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// secretText has no letter of "secret" next to another one of it and no
// hexadecimal digit, so that no placeholder and no address looks like a part.
const secretText = "zQ7xWmKpJ9uVhTqYwLnGkXjRvMtZsUyNoPiHgQlSxIkJwOzVmKuTrYp"

// parts are all 4 bytes in a row of the secret, in all forms that fmt or an
// encoder gives to bytes.
type parts []string

func newParts() parts {
	all := make(parts, 0, 15*len(secretText))
	for at := range len(secretText) - 3 {
		all = append(all, formsOf(secretText[at:at+4])...)
	}
	return all
}

// in returns the first part that the text holds, or nothing.
func (p parts) in(text string) string {
	for _, part := range p {
		if strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

func formsOf(part string) []string {
	verbs := []string{"%x", "%X", "% x", "% X", "%# x", "%d", "%o", "%O", "%b", "%c", "%q", "%U", "%#v"}
	forms := make([]string, len(verbs), len(verbs)+2)
	for i, verb := range verbs {
		form := fmt.Sprintf(verb, []byte(part))
		forms[i] = strings.Trim(strings.TrimPrefix(form, "[]byte"), "[]{}")
	}
	return append(forms, part, base64.StdEncoding.EncodeToString([]byte(part))[:5])
}

// A holder has a secret wherever a struct can have one.
type holder struct {
	Exported helper.Secret
	hidden   helper.Secret
	Pointer  *helper.Secret
	pointer  *helper.Secret
	Any      any
	any      any
	List     []helper.Secret
	list     []helper.Secret
	Map      map[string]helper.Secret
	keys     map[helper.Secret]helper.Secret
	Array    [1]helper.Secret
	inner    struct{ deep helper.Secret }
}

func newHolder(s helper.Secret) holder {
	return holder{
		Exported: s, hidden: s, Pointer: &s, pointer: &s, Any: s, any: &s,
		List: []helper.Secret{s}, list: []helper.Secret{s},
		Map: map[string]helper.Secret{"k": s}, keys: map[helper.Secret]helper.Secret{s: s},
		Array: [1]helper.Secret{s}, inner: struct{ deep helper.Secret }{s},
	}
}

type embedding struct{ helper.Secret }

// values are the ways in which a secret can reach a print.
func values() map[string]any {
	s := helper.NewSecret(secretText)
	h := newHolder(s)
	pointer := &s
	verbs := strings.Join([]string{"%v", "%s", "%+v", "%#v", "%d", "%x"}, " ") // built, for vet would object
	return map[string]any{
		"secret":            s,
		"pointer":           pointer,
		"pointer to it":     &pointer,
		"holder":            h,
		"pointer to holder": &h,
		"slice of holders":  []holder{h},
		"slice":             []helper.Secret{s},
		"pointers":          []*helper.Secret{&s},
		"map":               map[string]helper.Secret{"k": s},
		"keys":              map[helper.Secret]bool{s: true},
		"interfaces":        []any{s, &s, h, error(&helper.AccountError{Err: fmt.Errorf("%v", s)})},
		"embedded":          embedding{s},
		"credential":        helper.Credential{AccessToken: s, RefreshToken: s},
		"record":            &helper.Record{Credential: helper.Credential{AccessToken: s}},
		"answer":            helper.Answer{Record: helper.Record{Credential: helper.Credential{RefreshToken: s}}},
		"error of verbs":    fmt.Errorf(verbs, s, s, &s, h, h, h),
		"wrapping error":    fmt.Errorf("sign in with %v: %w", s, helper.ErrTemporary),
		"account error":     helper.ForAccount("work", fmt.Errorf("%v", h)),
	}
}

// TestSecret_EveryVerb prints every value with every verb and flag.
func TestSecret_EveryVerb(t *testing.T) {
	secret := newParts()
	flags := []string{"", "+", "#", " ", "-", "0", "+#", "# ", "40", "-40", "080", ".2", "5.30", "+.1", "[1]"}
	for name, value := range values() {
		for verb := 'A'; verb <= 'z'; verb++ {
			if verb > 'Z' && verb < 'a' {
				continue
			}
			for _, flag := range flags {
				format := "%" + flag + string(verb)
				if part := secret.in(fmt.Sprintf(format, value)); part != "" {
					t.Errorf("%s with %s prints %q of the secret", name, format, part)
				}
			}
		}
		if part := secret.in(fmt.Sprint(value) + fmt.Sprintln(value)); part != "" {
			t.Errorf("Sprint of %s prints %q of the secret", name, part)
		}
	}
}

// TestParts checks that the tests here see the text of a secret whatever verb
// prints it.
func TestParts(t *testing.T) {
	secret := newParts()
	for _, verb := range []string{"%s", "%q", "%v", "%x", "%X", "% x", "% X", "%#x", "%d", "%U"} {
		for _, value := range []any{secretText, []byte(secretText), []any{secretText}, struct{ text string }{secretText}} {
			if text := fmt.Sprintf(verb, value); secret.in(text) == "" {
				t.Errorf("a text that %s prints as %q is not seen", verb, text)
			}
		}
	}
	if part := secret.in(fmt.Sprintf("[secret] %p %v", t, newHolder(helper.Secret{}))); part != "" {
		t.Errorf("%q is taken for a part of the secret", part)
	}
}

// TestSecret_Placeholder checks that a secret prints the same whether it holds
// something or not, and that no flag changes it.
func TestSecret_Placeholder(t *testing.T) {
	for _, s := range []helper.Secret{{}, helper.NewSecret(""), helper.NewSecret(secretText)} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%z", "%40s", "%.2s"} {
			if got := fmt.Sprintf(format, s); got != "[secret]" {
				t.Errorf("%s prints %q, want [secret]", format, got)
			}
		}
		if got := s.String(); got != "[secret]" {
			t.Errorf("String = %q, want [secret]", got)
		}
	}
}

func TestSecret_Reveal(t *testing.T) {
	for _, text := range []string{"", "x", secretText, "\x00\xff"} {
		s := helper.NewSecret(text)
		if got := s.Reveal(); got != text {
			t.Errorf("Reveal = %q, want %q", got, text)
		}
		if s.IsZero() != (text == "") {
			t.Errorf("IsZero of %q = %v", text, s.IsZero())
		}
	}
	if zero := (helper.Secret{}); !zero.IsZero() || zero.Reveal() != "" {
		t.Error("the zero Secret is not empty")
	}
}

func TestSecret_Equal(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"", "x", false},
		{"token", "token", true},
		{"token", "tokem", false},
		{"token", "Token", false},
		{"token", "token ", false},
		{"token", "toke", false},
	} {
		a, b := helper.NewSecret(c.a), helper.NewSecret(string([]byte(c.b)))
		if a.Equal(b) != c.want || b.Equal(a) != c.want {
			t.Errorf("%q equals %q: %v and %v, want %v", c.a, c.b, a.Equal(b), b.Equal(a), c.want)
		}
	}
}
