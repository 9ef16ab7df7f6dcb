package git

import (
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper/wire/wiretest"
)

// FuzzPairs checks that lines which decode can be encoded and are the same again.
func FuzzPairs(f *testing.F) {
	f.Add([]byte("protocol=https\nhost=gw.example\n\n"))
	f.Add([]byte("a=\nb==\n\r=\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		pairs, err := decode(text)
		if err != nil || slices.Contains(text, 0) { // a NUL never gets here
			return
		}
		encoded, err := encode(pairs)
		if err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
		again, err := decode(encoded)
		if err != nil || !slices.Equal(again, pairs) {
			t.Errorf("%q became %q, %v", pairs, again, err)
		}
	})
}

// FuzzServe checks that no input makes the token go to a host that was not
// configured. What the input asks for is read a second way here.
func FuzzServe(f *testing.F) {
	f.Add("protocol=https\nhost=gw.example\n\n")
	f.Add("url=https://gw.example/x\nhost=evil\n\n")
	f.Add("host=evil\nurl=https://a:b@gw.example:443\n")
	f.Add("protocol=https\nhost=evil@gw.example\n")
	f.Fuzz(func(t *testing.T, in string) {
		var out strings.Builder
		_ = Serve(t.Context(), "get", strings.NewReader(in), &out,
			&wiretest.Source{Configured: []string{"https://gw.example"}})
		if wiretest.Gave(out.String()) && !asksFor(in, "gw.example") {
			t.Errorf("the token went to whoever asked with %q", in)
		}
	})
}

// asksFor reports whether the last host that the lines name, alone or in a URL, is
// the host.
func asksFor(in, host string) bool {
	named := ""
	for line := range strings.SplitSeq(in, "\n") {
		if line == "" {
			break
		}
		if text, ok := strings.CutPrefix(line, "host="); ok {
			named = text
		}
		if text, ok := strings.CutPrefix(line, "url="); ok {
			_, named, _ = strings.Cut(text, "://")
			if i := strings.IndexAny(named, "/?#"); i >= 0 {
				named = named[:i]
			}
			named = named[strings.LastIndex(named, "@")+1:]
		}
	}
	name, port, _ := strings.Cut(strings.ToLower(named), ":")
	return name == host && (port == "" || strings.TrimLeft(port, "0") == "443")
}
