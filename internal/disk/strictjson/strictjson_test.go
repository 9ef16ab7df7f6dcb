package strictjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/strictjson"
)

func TestStrict(t *testing.T) {
	for _, c := range []struct{ text, rest, says string }{
		{`{"version":1,"name":"a"}`, "", ""},
		{`{"version":1,"name":"a"} rest`, " rest", ""},
		{``, "", "it is empty"},
		{`{"version":1`, "", "it is cut short"},
		{`SECRET`, "", "it is not JSON"},
		{`[1]`, "", "it is not a JSON object"},
		{`null`, "", "it is not a JSON object"},
		{`{"version":"SECRET"}`, "", "its version is not a number"},
		{`{"name":"a"}`, "", "it has no format version"},
		{`{"version":2}`, "", "its format version is 2, this codex-cred knows 1"},
		{`{"version":1,"name":7}`, "", `its member "name" has the wrong type`},
		{`{"version":1,"SECRET":7}`, "", "a member is unknown or has a value that cannot be"},
	} {
		name, rest, err := read(c.text)
		if c.says == "" && (err != nil || name != "a" || rest != c.rest) {
			t.Errorf("%s: %q, rest %q, error %v", c.text, name, rest, err)
		}
		if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "SECRET")) {
			t.Errorf("%s: error %v, want %q", c.text, err, c.says)
		}
		if errors.Is(err, helper.ErrNewer) != strings.Contains(c.says, "knows") {
			t.Errorf("%s: error %v, ErrNewer does not fit", c.text, err)
		}
	}
}

// TestIsWhole checks that only one known object, with blanks after it, is accepted.
func TestIsWhole(t *testing.T) {
	for text, want := range map[string]bool{
		`{"version":1,"name":"a"}`: true, "{\"name\":\"a\"}\n\t ": true, `{}`: true,
		``: false, ` {}`: false, `null`: false, `[]`: false, `{"version":1`: false, `{} {}`: false, `{}x`: false, `{"other":1}`: false, `{"name":1}`: false,
	} {
		var got struct {
			Version int    `json:"version"`
			Name    string `json:"name"`
		}
		if strictjson.IsWhole([]byte(text), &got) != want {
			t.Errorf("%s: IsWhole is %t", text, !want)
		}
	}
}

func read(text string) (name, rest string, err error) {
	object, after, err := strictjson.Cut([]byte(text))
	if err == nil {
		err = strictjson.CheckVersion(object, 1)
	}
	var got struct {
		Version int    `json:"version"`
		Name    string `json:"name"`
	}
	if err == nil {
		err = strictjson.Decode(object, &got)
	}
	return got.Name, string(after), err
}
