package helper_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
)

// FuzzDecode checks that every item is either ErrCorrupt or a credential that
// both forms keep.
func FuzzDecode(f *testing.F) {
	for _, form := range formsOfItems() {
		item, err := form.encode(sample())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(item)
		f.Add(item[:len(item)-1])
		f.Add(append(item, '}'))
	}
	f.Add([]byte(`{"version":1,"access_token":"x","expiry":"9999-12-31T23:59:59-01:00","generation":1,"issuer":{"token_endpoint":"x"}}`))
	f.Add([]byte(`{"version":1,"access_token":"\ud800","expiry":"2026-01-01T00:00:00+24:00","generation":1,"issuer":{"token_endpoint":"x"}}`))
	f.Fuzz(func(t *testing.T, item []byte) {
		c, err := helper.Decode(item)
		if err != nil {
			if !errors.Is(err, helper.ErrCorrupt) || c != (helper.Credential{}) {
				t.Errorf("Decode = %+v, %v; want nothing and ErrCorrupt", c, err)
			}
			return
		}
		for _, form := range formsOfItems() {
			wantSame(t, roundTrip(t, form, c), c)
		}
	})
}

func isText(c helper.Credential) bool {
	return utf8.ValidString(c.AccessToken.Reveal()) && utf8.ValidString(c.RefreshToken.Reveal())
}

// FuzzEncodeCompact checks that the compact form keeps every token that is text
// to the byte, and refuses the others.
func FuzzEncodeCompact(f *testing.F) {
	for _, token := range []string{"a", "QQ.QR.QUI=", "eyJhbGciOiJub25lIn0.e30.", "..", "\xff\xfe", "\n", "-_+/"} {
		f.Add(token, "rt_"+token)
	}
	f.Fuzz(func(t *testing.T, access, refresh string) {
		if access == "" {
			access = "x" // a credential without one is corrupt
		}
		c := sample()
		c.AccessToken, c.RefreshToken = helper.NewSecret(access), helper.NewSecret(refresh)
		if !isText(c) {
			// JSON has no form for other bytes, so no server can have sent them.
			if _, err := helper.EncodeCompact(c); !errors.Is(err, helper.ErrInvalid) {
				t.Errorf("EncodeCompact of what is not text: %v, want ErrInvalid", err)
			}
			return
		}
		wantSame(t, roundTrip(t, form{"compact", helper.EncodeCompact}, c), c)
	})
}
