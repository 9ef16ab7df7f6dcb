package salvage_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/codex-cred/codex-cred/refresh/internal/salvage"
)

// FuzzParse: nothing panics, and what a strict reader makes of an answer this one
// makes of it, too: status, body, and the object in it before any other.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", `{"a":{"b":[1,"{"]}}`,
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n",
		"HTTP/1.0 200\n\n\ufeff{\"a\":\"b\"}", "\x1f\x8b\x08\x00", "x\x9c", "{\x00\"\x00a\x00\"\x00:\x001\x00}\x00",
		`"{\"a\":1}"`, "\xff{\"a\":\"\x01\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := salvage.Parse(raw)
		got.Mentions("access_token")
		_, _ = got.Text(), got.HasContent()
		var first *salvage.Object
		for o := range got.Objects {
			if first == nil {
				first = &o
			}
		}
		status, body, strict := readStrictly(raw)
		if strict == nil {
			return
		}
		if got.Status != status || !bytes.Equal(got.Body, body) {
			t.Fatalf("status %d and body %q, want %d and %q", got.Status, got.Body, status, body)
		}
		if first == nil || !first.Whole || len(first.Members) != len(strict) {
			t.Fatalf("the first object is %+v, want that of %q", first, body)
		}
		for name, value := range strict {
			all := first.Members[name]
			if len(all) == 0 || !bytes.Equal(bytes.TrimSpace(all[len(all)-1]), bytes.TrimSpace(value)) {
				t.Fatalf("member %q is %q, want %q", name, all, value)
			}
		}
	})
}

// readStrictly returns no members if the answer breaks a rule, or may have no body.
func readStrictly(raw []byte) (status int, body []byte, members map[string]json.RawMessage) {
	post := &http.Request{Method: http.MethodPost}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), post)
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 999 {
		return 0, nil, nil
	}
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return 0, nil, nil
	}
	body, err = io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(body, &members) != nil || len(members) == 0 {
		return 0, nil, nil
	}
	return resp.StatusCode, body, members
}
