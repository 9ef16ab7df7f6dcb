package signin_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// hostileText clears the screen, colours, rings, turns the direction of writing and breaks the line.
const hostileText = "a\x1b[2J\x1b]0;x\x07b\u202ec\u2066d\u009b31me\r\nf\u200bg"

// serve returns the URL of a server that gives the same answer to every request.
func serve(t *testing.T, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// isHarmful reports whether a terminal would do more than show the text.
func isHarmful(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u2066' || r == '\u200b'
	})
}

// TestHostileClaims checks that claims are sanitized before they are stored or shown.
func TestHostileClaims(t *testing.T) {
	const want = "a[2J]0;xbcd31me  fg"
	user := authserver.User{
		Subject: hostileText, Email: hostileText, AccountID: hostileText, UserID: hostileText,
		Plan: hostileText,
	}
	wantClean := func(t *testing.T, id helper.Identity, err error) {
		t.Helper()
		for name, got := range map[string]string{
			"subject": id.Subject, "email": id.Email, "account id": id.AccountID,
			"user id": id.UserID, "plan": id.Plan,
		} {
			if err != nil || isHarmful(got) || got != want {
				t.Errorf("error %v, the %s is %q, want %q", err, name, got, want)
			}
		}
	}
	profiles(t, func(t *testing.T, profile string) {
		t.Run("browser", func(t *testing.T) {
			c, err := newEnvironment(t, authserver.Options{Profile: profile, User: user}).signIn(t)
			wantClean(t, c.Identity, err)
		})
		t.Run("device", func(t *testing.T) {
			fix := newDeviceFixture(t, authserver.Options{Profile: profile, User: user})
			fix.approve(t, 1)
			c, err := fix.signIn(t)
			wantClean(t, c.Identity, err)
		})
	})
}

// TestHostileDescription checks that hostile text in the error of a poll is not shown.
func TestHostileDescription(t *testing.T) {
	fix := newDeviceFixture(t, authserver.Options{Profile: refresh.ProfileOAuth})
	fix.iss.TokenEndpoint = refuse(t,
		`{"error":"access_denied\u001b[31m","error_description":"No\u202e way\r\n\u001b[2Jcodex-cred: all is well\u009b"}`)
	_, err := fix.signIn(t)
	if !errors.Is(err, helper.ErrSignInRequired) || isHarmful(err.Error()) ||
		!strings.Contains(err.Error(), "access_denied[31m: No way") {
		t.Errorf("error %q, want ErrSignInRequired with harmless words", err)
	}
}

func refuse(t *testing.T, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestHostileDeviceAnswer checks that a user code or URL with control characters is not shown.
func TestHostileDeviceAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"user code": `{"device_code":"d","user_code":"AB\u001b[2JCD","verification_uri":"https://issuer.example/"}`,
		"page":      `{"device_code":"d","user_code":"ABCD","verification_uri":"javascript:alert(1)"}`,
		"full page": `{"device_code":"d","user_code":"ABCD","verification_uri":"https://issuer.example/","verification_uri_complete":"file:///etc/passwd"}`,
	} {
		t.Run(name, func(t *testing.T) {
			fix := newDeviceFixture(t, authserver.Options{Profile: refresh.ProfileOAuth})
			fix.iss.DeviceEndpoint = serve(t, body)
			if _, err := fix.signIn(t); !errors.Is(err, helper.ErrRejected) || isHarmful(err.Error()) || len(fix.shown) != 0 {
				t.Errorf("error %q, shown %v; want ErrRejected and nothing", err, fix.shown)
			}
		})
	}
}
