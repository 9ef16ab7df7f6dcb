package helper

import (
	"reflect"
	"testing"
)

// FuzzDecodeParts: an item that is read at once is what it is read part by part, and
// no other is read at once.
func FuzzDecodeParts(f *testing.F) {
	for _, seed := range []string{
		``, `{`, `{}`, ` {"version":1}`, `null`, `[]`, `{"version":2}`, `{"version":1} x`, `{"VERSION":2,"version":1}`,
		`{"version":1,"Version":2}`,
		`{"version":null}`, `{"version":1.0}`, `{"version":"1"}`, `{"version":1,"expiry":7}`,
		`{"version":1,"expiry":7,"version":2}`,
		`{"version":1,"access_token":"x","expiry":"2026-01-01T00:00:00Z","generation":1,"issuer":{"token_endpoint":"x"},"unknown":[1]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want, wantErr := decodeParts(b)
		got, err := decodeJSON(b)
		if wantErr == nil && err != nil && err.Error() == "a time is out of range" {
			return
		}
		if !reflect.DeepEqual(got, want) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%q: at once %+v, %v; by parts %+v, %v", b, got, err, want, wantErr)
		}
	})
}
