package helper_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
)

func TestCheckName(t *testing.T) {
	const characters, device, dot = "use 1 to 64 of a-z", "the name of a Windows device", "ends with a dot"
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ name, want string }{
		{"default", ""},
		{"a", ""},
		{"0", ""},
		{long, ""},
		{"me@example.com", ""},
		{"a.b_c+d-e@f", ""},
		{"a..b", ""},
		{"work-", ""},
		{"console", ""},
		{"com", ""},
		{"com10", ""},
		{"lpt", ""},
		{"con-1", ""},
		{"my.con", ""},
		{"", characters},
		{long + "a", "account name of 65 bytes is invalid: use at most 64"},
		{"Work", characters},
		{"CON", characters},
		{"wörk", characters},
		{"\u212aelvin", characters},
		{"a\u0308", characters},
		{"a b", characters},
		{"a\n", characters},
		{"a\x00", characters},
		{"a/b", characters},
		{`a\b`, characters},
		{"a:b", characters},
		{"..", characters},
		{"../a", characters},
		{".", characters},
		{".hidden", characters},
		{"-flag", characters},
		{"--", characters},
		{"_a", characters},
		{"+a", characters},
		{"@a", characters},
		{"a*", characters},
		{"a~", characters},
		{"a\xff", characters},
		{"a.", dot},
		{"a..", dot},
		{"con", device},
		{"con.txt", device},
		{"con.", dot},
		{"prn", device},
		{"aux.tar.gz", device},
		{"nul", device},
		{"com0", device},
		{"com1", device},
		{"com9.json", device},
		{"lpt0", device},
		{"lpt9", device},
	} {
		wantRule(t, c.name, helper.CheckName(c.name), c.want)
	}
}

func TestCheckItemName(t *testing.T) {
	id := "0123456789abcdef0123456789abcdef"
	for _, c := range []struct{ name, want string }{
		{id, ""},
		{strings.Repeat("0", 32), ""},
		{id + "/journal", ""},
		{id + "/a", ""},
		{id + "/abcdefghijklmnop", ""},
		{"", "item name"},
		{id[1:], "item name"},
		{id + "0", "item name"},
		{strings.ToUpper(id), "item name"},
		{"g" + id[1:], "item name"},
		{" " + id, "item name"},
		{id + "\n", "item name"},
		{id + "/", "item name"},
		{id + "/abcdefghijklmnopq", "item name"},
		{id + "/Journal", "item name"},
		{id + "/journal2", "item name"},
		{id + "/journal\n", "item name"},
		{id + "/..", "item name"},
		{id + "/a/b", "item name"},
		{id + "//a", "item name"},
		{id + `\a`, "item name"},
		{"../" + id, "item name"},
		{"default", "item name"},
		{"\n" + id, "item name"},
	} {
		wantRule(t, c.name, helper.CheckItemName(c.name), c.want)
	}
}

func TestID_Check(t *testing.T) {
	id := "0123456789abcdef0123456789abcdef"
	for _, c := range []struct{ id, want string }{
		{id, ""},
		{"", "id"},
		{id[1:], "id"},
		{id + "0", "id"},
		{strings.ToUpper(id), "id"},
		{id + "\n", "id"},
		{"../" + id, "id"},
		{id + "/journal", "id"},
	} {
		wantRule(t, c.id, helper.ID(c.id).Check(), c.want)
	}
}

// wantRule checks that the error is ErrInvalid and says which rule the name
// breaks, or is nil if the rule is empty. No error is longer than a line.
func wantRule(t *testing.T, name string, err error, rule string) {
	t.Helper()
	if rule == "" {
		if err != nil {
			t.Errorf("%q: %v, want no error", name, err)
		}
		return
	}
	if !errors.Is(err, helper.ErrInvalid) || !strings.Contains(err.Error(), rule) {
		t.Errorf("%q: error %v, want ErrInvalid that says %q", name, err, rule)
		return
	}
	if strings.ContainsAny(err.Error(), "\n\x00") || !utf8.ValidString(err.Error()) {
		t.Errorf("%q: the error has raw bytes of the name: %q", name, err)
	}
}

func TestCheckName_LongNameIsCut(t *testing.T) {
	for _, err := range []error{
		helper.CheckName(strings.Repeat("A", 10_000)), helper.CheckItemName(strings.Repeat("A", 10_000)),
	} {
		if err == nil || len(err.Error()) > 250 {
			t.Errorf("error %v, want a short one", err)
		}
	}
}

func TestNewID(t *testing.T) {
	seen := map[helper.ID]bool{}
	for range 100 {
		id, err := helper.NewID(rand.Reader)
		if err != nil || id.Check() != nil {
			t.Fatalf("NewID = %q, %v", id, err)
		}
		seen[id] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 IDs are %d different ones", len(seen))
	}
	id, err := helper.NewID(strings.NewReader("0123456789abcdefghi"))
	if want := helper.ID("30313233343536373839616263646566"); id != want || err != nil {
		t.Errorf("NewID = %q, %v; want all 16 bytes, %q", id, err, want)
	}
}

// TestNewID_ShortRandom checks that no ID is made of too little randomness.
func TestNewID_ShortRandom(t *testing.T) {
	broken := errors.New("broken")
	for name, id := range map[string]func() (helper.ID, error){
		"short":  func() (helper.ID, error) { return helper.NewID(strings.NewReader("fifteen bytes..")) },
		"broken": func() (helper.ID, error) { return helper.NewID(iotest.ErrReader(broken)) },
	} {
		if got, err := id(); got != "" || err == nil {
			t.Errorf("%s: NewID = %q, %v; want an error and no ID", name, got, err)
		}
	}
}
