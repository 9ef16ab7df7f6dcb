package yamledit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/config/yamledit"
)

type item struct {
	Name string
	User map[string]any
}

func ours() item { return item{"ours", map[string]any{"token": "t"}} }

const (
	entry  = "- name: ours\n  user:\n    token: t\n"
	nested = "  - name: ours\n    user:\n      token: t\n"
)

func TestInsertAndRemove(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"nothing", "", "users: # made for the item below\n" + entry},
		{"comments", "# mine\n", "# mine\nusers: # made for the item below\n" + entry},
		{"no list", "kind: Config\n", "kind: Config\nusers: # made for the item below\n" + entry},
		{"no list and no end", "a:\n  - b", "a:\n  - b\nusers: # made for the item below\n" + strings.TrimSuffix(entry, "\n")},
		{"a text at the end", "a: |+\n  b\n\n\n", "a: |+\n  b\n\n\nusers: # made for the item below\n" + entry},
		{"the key alone", "users:\nkind: Config\n", "users:\n" + entry + "kind: Config\n"},
		{"the key alone and no end", "users:", "users:\n" + strings.TrimSuffix(entry, "\n")},
		{"the key with a comment", "users: # mine\n", "users: # mine\n" + entry},
		{"an empty list", "users: []\nkind: Config\n", "users: #[]\n" + entry + "kind: Config\n"},
		{"an empty list with a comment", "users:  []  # mine\n", "users:  #[]  # mine\n" + entry},
		{"null", "kind: Config\nusers: null", "kind: Config\nusers: #null\n" + strings.TrimSuffix(entry, "\n")},
		{"items", "users:\n- name: a # mine\n# more\n- name: b\n", "users:\n" + entry + "- name: a # mine\n# more\n- name: b\n"},
		{"items further in", "users: # mine\n  # more\n\n  - name: a\n", "users: # mine\n" + nested + "  # more\n\n  - name: a\n"},
		{"CRLF", "kind: Config\r\nusers:\r\n- name: a\r\n", "kind: Config\r\nusers:\r\n" + strings.ReplaceAll(entry, "\n", "\r\n") + "- name: a\r\n"},
		{"flow style in an item", "users:\n- {name: a}\n", "users:\n" + entry + "- {name: a}\n"},
		{"an item that is no mapping", "users:\n- a\n", "users:\n" + entry + "- a\n"},
		{"what looks like the key", "a: |\n  b\n  users: []\nb: 'c\n\n  users: []'\n", "a: |\n  b\n  users: []\nb: 'c\n\n  users: []'\nusers: # made for the item below\n" + entry},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, err := yamledit.Insert([]byte(c.before), "users", "ours", ours())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, string(after)); diff != "" {
				t.Errorf("Insert (-want +got):\n%s", diff)
			}
			if there, same, err := yamledit.Inspect(after, "users", "ours", ours()); !there || !same || err != nil {
				t.Errorf("Look = %v, %v, %v", there, same, err)
			}
			back, err := yamledit.Remove(after, "users", "ours")
			if diff := cmp.Diff(c.before, string(back)); diff != "" || err != nil {
				t.Errorf("Remove = %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestRemove includes what others wrote, and what they changed in our item.
func TestRemove(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"nothing", "kind: Config\n", "kind: Config\n"},
		{"in the middle", "users:\n- name: a\n# mine\n- user:\n    token: t\n  name: ours\n\n- name: b\n", "users:\n- name: a\n# mine\n\n- name: b\n"},
		{"twice", "users:\n- name: ours\n- name: a\n- {name: ours}\n", "users:\n- name: a\n"},
		{"a list that was made has others now", "users: # made for the item below\n- name: ours\n- name: a\n", "users: # made for the item below\n- name: a\n"},
		{"an empty list has others now", "users: #[]\n- name: a\n- name: ours", "users: #[]\n- name: a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := yamledit.Remove([]byte(c.before), "users", "ours")
			if diff := cmp.Diff(c.after, string(got)); diff != "" || err != nil {
				t.Errorf("Remove = %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestRefused checks that a form which is not edited is refused, and that the error does not quote
// it.
func TestRefused(t *testing.T) {
	for _, doc := range []string{
		"{users: []}", `{"users": [{"name": "hidden"}]}`, "users: [{name: hidden}]\n", "users: &hidden\n- name: a\n", "users: !!seq\n- name: a\n",
		"'users':\n- name: a\n", "? users\n: - name: a\n", "  kind: hidden\n", "{kind: a,\nusers: [],\nb: hidden}\n", "{kind: a,\nusers: []}\n", "- hidden\n", "hidden", "users: hidden\n", "users: {}\n", "users: {hidden: a}\n",
		"kind: Config\n---\nkind: hidden\n", "users: []\n---\nkind: hidden\n", "kind: Config\n...\n", "kind: &hidden a\nkind: b\n", "kind: [hidden\n", "kind: *hidden\n", "kind: !!int hidden\n",
		"users: #[]\n", "users: # made for the item below\n", "users:\n\t- name: hidden\n", "users: [\n]\n",
		"# \u2028users:\nusers:\n- name: hidden\n", strings.Repeat("#\n", yamledit.MaxSize),
	} {
		got, err := yamledit.Insert([]byte(doc), "users", "ours", ours())
		if err == nil {
			t.Errorf("Insert into %.40q gave %q", doc, got)
		} else if strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error of %q tells the text: %v", doc, err)
		}
	}
	for _, doc := range []string{
		"users: [{name: ours}, {name: hidden}]\n", "users:\n-\n  name: ours\n", "users:\n- name: ours\n  user: |\n    a\n    hidden\n",
		"users:\n- name: ours\n  user: 'a\n- hidden'\n", "users:\n- name: ours\n  user: 'a\nhidden: b'\n",
		"users:\n- &hidden\n  name: ours\n- *hidden\n",
	} {
		if got, err := yamledit.Remove([]byte(doc), "users", "ours"); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("Remove from %q gave %v, %q", doc, err, got)
		}
	}
}

// FuzzInsert checks that no edit panics. The package checks its own results: an accepted edit
// changes nothing else and can be undone.
func FuzzInsert(f *testing.F) {
	f.Add("users:\n- name: a\n")
	f.Add("kind: Config\nusers: [] # b")
	f.Fuzz(func(t *testing.T, doc string) {
		after, err := yamledit.Insert([]byte(doc), "users", "ours", ours())
		if err != nil {
			return
		}
		back, err := yamledit.Remove(after, "users", "ours")
		if err != nil || string(back) != doc {
			t.Fatalf("Remove = %v\nbefore %q\nafter  %q\nback   %q", err, doc, after, back)
		}
	})
}
