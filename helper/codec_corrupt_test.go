package helper_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

const newer = "it is of a newer version: its format version is 2, this codex-cred knows 1"

// TestDecode_Corrupt checks that each damage is ErrCorrupt with its own clear text, which holds nothing of the item.
func TestDecode_Corrupt(t *testing.T) {
	good := string(mustEncode(t, helper.Encode, sample()))
	for _, c := range []struct{ name, item, want string }{
		{"empty", "", "it is empty"},
		{"blank", " \n", "it is not a JSON object"},
		{"truncated", good[:len(good)/2], "it is not a JSON object"},
		{"one byte short", good[:len(good)-1], "it is not a JSON object"},
		{"trailing garbage", good + "rt_refresh-token", "it is not a JSON object"},
		{"two objects", good + good, "it is not a JSON object"},
		{"text", "rt_refresh-token", "it is not a JSON object"},
		{"string", `"rt_refresh-token"`, "it is not a JSON object"},
		{"array", "[" + good + "]", "it is not a JSON object"},
		{"null", "null", "it is not a JSON object"},
		{"zero bytes", strings.Repeat("\x00", 100), "it is not a JSON object"},
		{"unknown first byte", "\x02" + good, "it is not a JSON object"},
		{"no version", with(t, good, "version", nil), "it has no format version"},
		{"newer version", with(t, good, "version", 2), newer},
		{"negative version", with(t, good, "version", -1), "it has no format version"},
		{"newer version of another shape", `{"version":2,"access_token":{"rt_refresh-token":1}}`, newer},
		{"no access token", with(t, good, "access_token", nil), "it has no access_token"},
		{"empty access token", with(t, good, "access_token", ""), "it has no access_token"},
		{"no expiry", with(t, good, "expiry", nil), "it has no expiry"},
		{"no generation", with(t, good, "generation", nil), "it has no generation"},
		{"no issuer", with(t, good, "issuer", nil), "it has no issuer.token_endpoint"},
		{"token is a number", with(t, good, "access_token", 4711), "a member has the wrong type"},
		{"token is a list", with(t, good, "refresh_token", []string{"rt_refresh-token"}), "a member has the wrong type"},
		{"expiry is no time", with(t, good, "expiry", "rt_refresh-token"), "a member has the wrong type"},
		{"generation is negative", with(t, good, "generation", -1), "a member has the wrong type"},
		{"generation is a fraction", with(t, good, "generation", 1.5), "a member has the wrong type"},
		{"issuer is text", with(t, good, "issuer", "rt_refresh-token"), "a member has the wrong type"},
	} {
		t.Run(c.name, func(t *testing.T) { wantCorrupt(t, []byte(c.item), c.want) })
	}
}

// TestDecode_CorruptCompact does the same for the compact form.
func TestDecode_CorruptCompact(t *testing.T) {
	good := mustEncode(t, helper.EncodeCompact, sample())
	head := []byte(with(t, string(mustEncode(t, helper.Encode, sample())), "access_token", nil))
	token, none := []byte("\x00\x05token"), []byte{}
	for _, c := range []struct {
		name string
		item []byte
		want string
	}{
		{"nothing behind the version", good[:1], "its compact form is damaged"},
		{"truncated", good[:len(good)/2], "its compact form is damaged"},
		{"one byte short", good[:len(good)-1], "its compact form is damaged"},
		{"trailing garbage", append(bytes.Clone(good), "rt_refresh-token"...), "its compact form is damaged"},
		{"no DEFLATE", append([]byte{1}, "rt_refresh-token"...), "its compact form is damaged"},
		{"no parts", encodeParts(t), "its compact form is damaged"},
		{"one part", encodeParts(t, head), "its compact form is damaged"},
		{"four parts", encodeParts(t, head, token, none, none), "its compact form is damaged"},
		{"head is no JSON", encodeParts(t, []byte("rt_refresh-token"), token, none), "it is not a JSON object"},
		{"head of a newer version", encodeParts(t, []byte(`{"version":2}`), token, none), newer},
		{"head with too little", encodeParts(t, []byte(`{"version":1}`), token, none), "it has no expiry"},
		{"no access token", encodeParts(t, head, none, token), "it has no access_token"},
		{"unknown segment", encodeParts(t, head, []byte("\x02\x05token"), none), "its compact form is damaged"},
		{"segment beyond the end", encodeParts(t, head, []byte("\x00\x06token"), none), "its compact form is damaged"},
		{"segment without length", encodeParts(t, head, []byte{0}, none), "its compact form is damaged"},
		{
			"segment with endless length", encodeParts(t, head, append([]byte{0}, bytes.Repeat([]byte{0xff}, 11)...), none),
			"its compact form is damaged",
		},
		{"damaged refresh token", encodeParts(t, head, token, []byte("\x02\x00")), "its compact form is damaged"},
		{"bomb of 64 MiB", compressionBomb(t, 64<<20), "its compact form is damaged"},
		{"one byte more than 1 MiB", sizedItem(t, head, 1<<20+1), "its compact form is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) { wantCorrupt(t, c.item, c.want) })
	}
}

// TestDecode_Compacted checks that Decode reads the result of encodeParts, so that the damage is the only fault of the
// items above.
func TestDecode_Compacted(t *testing.T) {
	head := []byte(with(t, string(mustEncode(t, helper.Encode, sample())), "access_token", nil))
	c, err := helper.Decode(encodeParts(t, head, []byte("\x00\x05token\x01\x03abc"), []byte("\x00\x00")))
	if err != nil || c.AccessToken.Reveal() != "token.YWJj" || !c.RefreshToken.IsZero() {
		t.Errorf("tokens %q and %q, %v", c.AccessToken.Reveal(), c.RefreshToken.Reveal(), err)
	}
}

// TestDecode_LargestCompact checks the limit on the decompressed size of a compact item.
func TestDecode_LargestCompact(t *testing.T) {
	head := []byte(with(t, string(mustEncode(t, helper.Encode, sample())), "access_token", nil))
	c, err := helper.Decode(sizedItem(t, head, 1<<20))
	if err != nil || len(c.AccessToken.Reveal()) < 1<<19 {
		t.Errorf("an item of 1 MiB has an access token of %d bytes, %v", len(c.AccessToken.Reveal()), err)
	}
}

// sizedItem returns a valid compact item with a decompressed size of size bytes.
func sizedItem(t *testing.T, head []byte, size int) []byte {
	t.Helper()
	const lengths = 2 + 3 + 1 + 3 + 1 // of the head, the token, its segment, and no refresh token
	token := bytes.Repeat([]byte{'.' + 1}, size-len(head)-lengths)
	segment := append(binary.AppendUvarint([]byte{0}, uint64(len(token))), token...)
	return encodeParts(t, head, segment, nil)
}

// TestDecode_LargeTimes checks that a time without a UTC form in JSON is rejected: the credential could not be written
// again.
func TestDecode_LargeTimes(t *testing.T) {
	good := string(mustEncode(t, helper.Encode, sample()))
	for _, at := range []string{"9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"} {
		for _, member := range []string{"expiry", "obtained_at"} {
			wantCorrupt(t, []byte(with(t, good, member, at)), "a time is out of range")
		}
	}
	c, err := helper.Decode([]byte(with(t, good, "expiry", "9999-12-31T23:59:59Z")))
	if err != nil || !c.Expiry.Equal(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)) {
		t.Errorf("the last second of 9999 is read as %v, %v", c.Expiry, err)
	}
}

// wantCorrupt checks the error of an item: what it says, and that it shows nothing of a token.
func wantCorrupt(t *testing.T, item []byte, want string) {
	t.Helper()
	c, err := helper.Decode(item)
	if !errors.Is(err, helper.ErrCorrupt) {
		t.Fatalf("error %v, want ErrCorrupt", err)
	}
	if errors.Is(err, helper.ErrNewer) != (want == newer) {
		t.Errorf("error %v; is ErrNewer: %v", err, want != newer)
	}
	if c != (helper.Credential{}) {
		t.Errorf("a credential comes with the error: %+v", c)
	}
	if full := "the stored item is corrupt: " + want; err.Error() != full {
		t.Errorf("error %q, want %q", err, full)
	}
	for _, part := range []string{"refresh-token", "eyJ", "4711", "c2ln", "example.com"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("error %q shows %q of the item", err, part)
		}
	}
}

// with returns the JSON object with the member set, or removed for nil.
func with(t *testing.T, object, member string, value any) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		t.Fatal(err)
	}
	members["generation"] = 7 // a float64 does not hold the sample's
	if members[member] = value; value == nil {
		delete(members, member)
	}
	out, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// encodeParts returns a compact item of the parts.
func encodeParts(t *testing.T, parts ...[]byte) []byte {
	t.Helper()
	var body []byte
	for _, part := range parts {
		body = append(binary.AppendUvarint(body, uint64(len(part))), part...)
	}
	return compressWith(t, func(w *flate.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

// compressionBomb returns a small compact item that decompresses to size zero bytes.
func compressionBomb(t *testing.T, size int) []byte {
	t.Helper()
	block := make([]byte, 1<<20)
	return compressWith(t, func(w *flate.Writer) error {
		for size > 0 {
			n, err := w.Write(block[:min(size, len(block))])
			if err != nil {
				return err
			}
			size -= n
		}
		return nil
	})
}

func compressWith(t *testing.T, write func(*flate.Writer) error) []byte {
	t.Helper()
	out := bytes.NewBuffer([]byte{1})
	w, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
