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
		"too large":  {`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","x":"` + strings.Repeat("a", 1<<20) + `"}`, ""},
	} {
		got, err := kubernetes.Version(row.info)
		if got != row.want || (row.want == "") != errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, row.want)
		}
	}
}

func TestEncode(t *testing.T) {
	var out strings.Builder
	err := kubernetes.Encode(&out, group+"v1beta1", wire.Token{Access: helper.NewSecret("at-1"), Expiry: time.Unix(1800000000, 999)})
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
