package kubernetes_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/kubernetes"
)

const group = "client.authentication.k8s.io/"

func TestVersion(t *testing.T) {
	for name, row := range map[string]struct{ info, want string }{
		"no request": {"", group + "v1"},
		"v1":         {`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}`, group + "v1"},
		"v1beta1":    {`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"cluster":{"server":"https://x"}}}`, group + "v1beta1"},
		"v1alpha1":   {`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`, ""},
		"no version": {`{"kind":"ExecCredential"}`, ""},
		"no kind":    {`{"apiVersion":"client.authentication.k8s.io/v1"}`, ""},
		"no JSON":    {`v1`, ""},
		"injected":   {`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1\",\"x\":\""}`, ""},
		"too large": {`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","x":"` +
			strings.Repeat("a", 1<<20) + `"}`, ""},
	} {
		got, err := kubernetes.Version(row.info)
		if got != row.want || (row.want == "") != errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, row.want)
		}
	}
}

// TestServer: what names a cluster names its host, or is refused.
func TestServer(t *testing.T) {
	with := func(spec string) string {
		return `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":` + spec + `}`
	}
	for name, row := range map[string]struct {
		info, want string
		named      bool
		err        error
	}{
		"no request":     {"", "", false, nil},
		"no cluster":     {with(`{"interactive":false}`), "", false, nil},
		"a null cluster": {with(`{"cluster":null}`), "", false, nil},
		"a cluster": {
			with(`{"cluster":{"server":"https://k8s.example:6443"}}`), "https://k8s.example:6443", true,
			nil,
		},
		"with a path": {
			with(`{"cluster":{"server":"https://rancher.example/k8s/clusters/c-1"}}`),
			"https://rancher.example", true, nil,
		},
		"in other case": {with(`{"cluster":{"server":"HTTPS://K8S.example:443"}}`), "https://k8s.example", true, nil},
		"no server":     {with(`{"cluster":{}}`), "", false, helper.ErrInvalid},
		"over http":     {with(`{"cluster":{"server":"http://k8s.example"}}`), "", false, helper.ErrInvalid},
		"a user": {
			with(`{"cluster":{"server":"https://k8s.example@evil.example"}}`), "", false,
			helper.ErrInvalid,
		},
		"the root's dot":     {with(`{"cluster":{"server":"https://k8s.example."}}`), "", false, helper.ErrInvalid},
		"a cluster of words": {with(`{"cluster":"https://k8s.example"}`), "", false, wire.ErrMalformed},
	} {
		host, named, err := kubernetes.Server(row.info)
		if named != row.named || named && host.String() != row.want || !errors.Is(err, row.err) {
			t.Errorf("%s: %v, %v, %v; want %+v", name, host, named, err, row)
		}
	}
}

func TestEncode(t *testing.T) {
	var out strings.Builder
	err := kubernetes.Encode(&out, group+"v1beta1",
		wire.Token{Access: helper.NewSecret("at-1"), Expiry: time.Unix(1800000000, 999)})
	const want = `{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"at-1","expirationTimestamp":"2027-01-15T08:00:00Z"}}` + "\n"
	if err != nil || out.String() != want {
		t.Errorf("%s, %v; want %s", out.String(), err, want)
	}
}

// FuzzEncode checks that the answer has the version that was asked for and the
// token, whatever they are. JSON holds only valid UTF-8.
func FuzzEncode(f *testing.F) {
	f.Add(`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}`, "at-1")
	f.Fuzz(func(t *testing.T, info, token string) {
		version, err := kubernetes.Version(info)
		if err != nil || !utf8.ValidString(token) {
			return
		}
		var out strings.Builder
		if err := kubernetes.Encode(&out, version, wire.Token{Access: helper.NewSecret(token)}); err != nil {
			t.Fatal(err)
		}
		var got struct {
			APIVersion, Kind string
			Status           struct{ Token string }
		}
		err = json.Unmarshal([]byte(out.String()), &got)
		if err != nil || got.APIVersion != version || got.Kind != "ExecCredential" || got.Status.Token != token {
			t.Errorf("%q became %q, %v", token, out.String(), err)
		}
	})
}
