package signin

import "testing"

func TestParseRedirect(t *testing.T) {
	for raw, want := range map[string]bool{
		"http://127.0.0.1:1455/auth/callback": true,
		"http://localhost:0/cb":               true,
		"http://[::1]:65535/cb":               true,
		"http://127.0.0.1:65536/cb":           false,
		"http://127.0.0.1:99999/cb":           false,
		"http://127.0.0.1/cb":                 false,
		"http://127.0.0.1:x/cb":               false,
		"https://127.0.0.1:1455/cb":           false,
		"http://evil.example:1455/cb":         false,
		"http://127.0.0.1:1455":               false,
		"http://127.0.0.1:1455/cb?x=y":        false,
		"http://me@127.0.0.1:1455/cb":         false,
		"file:///cb":                          false,
	} {
		if _, err := parseRedirect(raw); (err == nil) != want {
			t.Errorf("%s: %v, want it taken: %v", raw, err, want)
		}
	}
}
