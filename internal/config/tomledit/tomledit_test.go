package tomledit_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/codex-cred/codex-cred/internal/config/tomledit"
)

// put makes the edit that callers make.
func put(doc []byte) ([]byte, error) {
	doc, err := tomledit.SetKey(doc, "provider", tomledit.Quote("ours"))
	if err == nil {
		doc, err = tomledit.AppendTable(doc, []string{"providers", "ours"}, "name = 1", `headers = { "a-b" = "c" }`)
	}
	if err == nil {
		doc, err = tomledit.AppendTable(doc, []string{"providers", "ours", "auth"}, "args = [\"get\"]")
	}
	return doc, err
}

func take(doc []byte) ([]byte, error) {
	doc, err := tomledit.RemoveTables(doc, "providers", "ours")
	if err != nil {
		return nil, err
	}
	return tomledit.RemoveKey(doc, "provider")
}

func TestPut(t *testing.T) {
	const tables = "\n[providers.ours]\nname = 1\nheaders = { \"a-b\" = \"c\" }\n\n[providers.ours.auth]\nargs = [\"get\"]\n"
	for name, c := range map[string]struct{ doc, want string }{
		"empty":            {"", "provider = \"ours\"\n" + tables},
		"comment":          {"# mine\n", "provider = \"ours\"\n# mine\n" + tables},
		"keys":             {"# mine\na = 1 # one\nb = [\n 1, # two\n] # three\n", "# mine\na = 1 # one\nb = [\n 1, # two\n] # three\nprovider = \"ours\"\n" + tables},
		"table":            {"[t]\na = 1\n", "provider = \"ours\"\n[t]\na = 1\n" + tables},
		"keys and table":   {"a = '''\n[x]\n'''\n\n# of t\n[t]\na = 1\n", "a = '''\n[x]\n'''\nprovider = \"ours\"\n\n# of t\n[t]\na = 1\n" + tables},
		"unended":          {"a = 1", "provider = \"ours\"\na = 1\n" + strings.TrimSuffix(tables, "\n")},
		"unended in table": {"a = 1\n[t]\nb = 1", "a = 1\nprovider = \"ours\"\n[t]\nb = 1\n" + strings.TrimSuffix(tables, "\n")},
		"carriage returns": {"a = 1\r\n", "a = 1\r\nprovider = \"ours\"\r\n" + strings.ReplaceAll(tables, "\n", "\r\n")},
		"other providers":  {"[providers.other]\nname = 2\n", "provider = \"ours\"\n[providers.other]\nname = 2\n" + tables},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := put([]byte(c.doc))
			if err != nil || string(got) != c.want {
				t.Fatalf("got (%v)\n%s\nwant\n%s", err, got, c.want)
			}
			if back, err := take(got); err != nil || string(back) != c.doc {
				t.Errorf("taken back (%v): %q, want %q", err, back, c.doc)
			}
		})
	}
}

func TestSetKeyReplaces(t *testing.T) {
	got, err := tomledit.SetKey([]byte("a = 1\n\"provider\"  = 'other' # why\n[t]\nprovider = 2\n"), "provider", `"ours"`)
	const want = "a = 1\nprovider = \"ours\" # why\n[t]\nprovider = 2\n"
	if err != nil || string(got) != want {
		t.Errorf("%v: %q, want %q", err, got, want)
	}
}

// TestRemoveTablesAmongOthers checks what others wrote after, before and inside our tables: it
// stays or is removed with them.
func TestRemoveTablesAmongOthers(t *testing.T) {
	got, err := put([]byte("a = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(string(got), "name = 1\n", "name = 1 # x\n# inside\nmore = 2\n", 1) + "# of theirs\n[theirs]\nb = 2\n\n[providers.ours.below]\nc = 1\n"
	back, err := take([]byte(doc))
	if want := "a = 1\n# of theirs\n[theirs]\nb = 2\n"; err != nil || string(back) != want {
		t.Errorf("%v: %q, want %q", err, back, want)
	}
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"no TOML":      {"a = 1\nsecret", "line 2 is not TOML"},
		"twice":        {"a = 1\na = 2\n", "not TOML"},
		"inline table": {"providers = { other = {} }\n", "with the change it would be wrong"},
		"inline ours":  {"[providers]\nours = { name = 1 }\n", "there already"},
		"too large":    {strings.Repeat("#", tomledit.MaxSize+1), "larger than"},
		"dotted key":   {"provider.x = 1\n", "dotted key"},
	} {
		_, err := put([]byte(c.doc))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := tomledit.RemoveTables([]byte("[providers]\nours.name = 1\n"), "providers", "ours"); err == nil {
		t.Error("a table of dotted keys was removed")
	}
}

func TestGet(t *testing.T) {
	doc := []byte("a = 'x'\n[t.u]\nv = [1]\n")
	for path, want := range map[string]string{"a": `"x"`, "t.u": `{"v":[1]}`, "t.x": "", "a.b": ""} {
		got, ok, err := tomledit.Get(doc, strings.Split(path, ".")...)
		if err != nil || ok != (want != "") || string(got) != want {
			t.Errorf("%s: %v %v (%v)", path, got, ok, err)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, text := range []string{`C:\a "b"`, "a\x7f\x01\n\t<&>\u2028é"} {
		var got map[string]string
		if err := toml.Unmarshal([]byte("a = "+tomledit.Quote(text)), &got); err != nil || got["a"] != text {
			t.Errorf("%q: %q (%v)", text, got["a"], err)
		}
	}
}

// FuzzPut checks that an edit changes nothing else and can be undone to the byte.
func FuzzPut(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "a = 1", "a = 1\r\n\r\n[t]\r\n", "# c", "[t]\na=1", "a.b = 1\n[[l]]\n[l.x]\n\n", "a = \"\"\"\n[providers.ours]\n\"\"\"",
		"[providers]\n[providers.other]\n", "\"a\" = {b=1}# c\n \n", "\t[ t . \"u\" ] # c\n  k = [\n]\n", "a=1\n\r\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		_, taken, _ := tomledit.Get(doc, "provider")
		_, alsoTaken, _ := tomledit.Get(doc, "providers", "ours")
		if taken || alsoTaken {
			return
		}
		edited, err := put(doc)
		if err != nil {
			return
		}
		if back, err := take(edited); err != nil || string(back) != string(doc) {
			t.Fatalf("%q became %q and, taken back (%v), %q", doc, edited, err, back)
		}
		var before, after map[string]any
		if err := toml.Unmarshal(doc, &before); err != nil {
			t.Fatal(err)
		}
		if err := toml.Unmarshal(edited, &after); err != nil {
			t.Fatal(err)
		}
		if after["provider"] != "ours" {
			t.Fatalf("the key is not at the top in %q", edited)
		}
		delete(after, "provider")
		providers := after["providers"].(map[string]any)
		delete(providers, "ours")
		if _, had := before["providers"]; !had {
			delete(after, "providers")
		}
		if !maps.EqualFunc(before, after, same) {
			t.Fatalf("%q became %q", doc, edited)
		}
	})
}

// same compares values and treats NaN as equal to NaN.
func same(a, b any) bool {
	x, err := toml.Marshal(map[string]any{"a": a})
	y, errY := toml.Marshal(map[string]any{"a": b})
	return err == nil && errY == nil && string(x) == string(y)
}
