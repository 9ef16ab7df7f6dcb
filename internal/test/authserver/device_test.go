package authserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// A flow is a device flow that was started.
type flow struct {
	c        *client
	code     string
	userCode string
}

// startFlow starts a device flow and checks the bytes of the answer.
func (c *client) startFlow() flow {
	c.t.Helper()
	req := c.json(c.ep.device, "client_id", c.id)
	form := regexp.MustCompile(`^{"device_auth_id":"deviceauth_[A-Za-z0-9_-]{43}","user_code":"[A-Z]{4}-[0-9]{4}","interval":"1"}$`)
	if c.id == authserver.OAuthClientID {
		req = c.form(c.ep.device, "client_id", c.id, "scope", "openid")
		form = regexp.MustCompile(fmt.Sprintf(`^{"device_code":"[A-Za-z0-9_-]{43}","expires_in":900,"interval":5,"user_code":"[A-Z]{4}-[0-9]{4}","verification_uri":"%s/device","verification_uri_complete":"%[1]s/device\?user_code=[A-Z]{4}-[0-9]{4}"}$`,
			regexp.QuoteMeta(c.s.URL())))
	}
	a := c.must(req)
	if a.status != http.StatusOK || !form.MatchString(a.body) {
		c.t.Fatalf("status %d, body\n%s\nwant 200 and\n%s", a.status, a.body, form)
	}
	var body struct {
		ID       string `json:"device_auth_id"`
		Code     string `json:"device_code"`
		UserCode string `json:"user_code"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		c.t.Fatal(err)
	}
	return flow{c, body.ID + body.Code, body.UserCode}
}

func (f flow) poll() answer {
	f.c.t.Helper()
	if f.c.id == authserver.OAuthClientID {
		return f.c.must(f.c.form(f.c.ep.deviceToken, "client_id", f.c.id, "device_code", f.code,
			"grant_type", "urn:ietf:params:oauth:grant-type:device_code"))
	}
	return f.c.must(f.c.json(f.c.ep.deviceToken, "device_auth_id", f.code, "user_code", f.userCode))
}

func (f flow) want(status int, code string) {
	f.c.t.Helper()
	a := f.poll()
	if a.status != status || !strings.Contains(a.body, `"`+code+`"`) {
		f.c.t.Errorf("status %d, body %s; want %d %s", a.status, a.body, status, code)
	}
}

func TestOpenAIDevice(t *testing.T) {
	c := start(t, authserver.Options{})
	f := c.startFlow()
	f.want(http.StatusForbidden, "authorization_pending")
	if err := c.s.ApproveDevice(f.userCode); err != nil {
		t.Fatal(err)
	}
	a := f.poll()
	form := regexp.MustCompile(`^{"authorization_code":"ac_[A-Za-z0-9_-]{43}","code_challenge":"[A-Za-z0-9_-]{43}","code_verifier":"[A-Za-z0-9_-]{86}"}$`)
	if a.status != http.StatusOK || !form.MatchString(a.body) {
		t.Fatalf("status %d, body %s", a.status, a.body)
	}
	var body map[string]string
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatal(err)
	}
	tokens := c.tokens(c.must(c.exchange(body["authorization_code"],
		"code_verifier", body["code_verifier"], "redirect_uri", c.s.URL()+"/deviceauth/callback")))
	if !c.s.Accepts(tokens.AccessToken) {
		t.Error("the server does not accept its own access token")
	}
	f.want(http.StatusBadRequest, "invalid_grant")
}

func TestOAuthDevice(t *testing.T) {
	clock := newClock()
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth, Now: clock.Now})
	f := c.startFlow()
	clock.advance(5 * time.Second)
	f.want(http.StatusBadRequest, "authorization_pending")
	clock.advance(4 * time.Second)
	f.want(http.StatusBadRequest, "slow_down")
	clock.advance(9 * time.Second)
	f.want(http.StatusBadRequest, "slow_down")
	clock.advance(15 * time.Second)
	f.want(http.StatusBadRequest, "authorization_pending")
	if err := c.s.ApproveDevice(f.userCode); err != nil {
		t.Fatal(err)
	}
	clock.advance(15 * time.Second)
	tokens := c.tokens(f.poll())
	if !c.s.Accepts(tokens.AccessToken) || tokens.IDToken == "" {
		t.Error("the answer has no id_token, or an access token that the server does not accept")
	}
	clock.advance(15 * time.Second)
	f.want(http.StatusBadRequest, "invalid_grant")
}

func TestDeviceEnds(t *testing.T) {
	for _, profile := range []string{authserver.ProfileOpenAI, authserver.ProfileOAuth} {
		clock := newClock()
		c := start(t, authserver.Options{Profile: profile, Now: clock.Now})
		denied, late := c.startFlow(), c.startFlow()
		if err := c.s.DenyDevice(denied.userCode); err != nil {
			t.Fatal(err)
		}
		clock.advance(5 * time.Second)
		denied.want(http.StatusBadRequest, "access_denied")
		clock.advance(15 * time.Minute)
		late.want(http.StatusBadRequest, "expired_token")
		if err := c.s.ApproveDevice("BCDF-0000-no-such"); err == nil {
			t.Error("an unknown code was approved")
		}
	}
}

func TestDevicePage(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	both(t, func(t *testing.T, c *client) {
		approve, post, deny := c.startFlow(), c.startFlow(), c.startFlow()
		for _, step := range []struct {
			name string
			req  *http.Request
			want int
		}{
			{"the empty page", c.getRequest(c.ep.page), http.StatusOK},
			{"an unknown code", c.getRequest(c.ep.page + "?user_code=none"), http.StatusNotFound},
			{"approval by GET", c.getRequest(c.ep.page + "?user_code=" + approve.userCode), http.StatusOK},
			{"the same again", c.getRequest(c.ep.page + "?user_code=" + approve.userCode), http.StatusNotFound},
			{"approval by POST", c.post(c.ep.page, form, "user_code="+post.userCode), http.StatusOK},
			{"refusal by POST", c.post(c.ep.page, form, "action=deny&user_code="+deny.userCode), http.StatusOK},
		} {
			if a := c.must(step.req); a.status != step.want {
				t.Errorf("%s: status %d, want %d", step.name, a.status, step.want)
			}
		}
		if c.id == authserver.OpenAIClientID {
			approve.want(http.StatusOK, "authorization_code")
			post.want(http.StatusOK, "authorization_code")
			deny.want(http.StatusBadRequest, "access_denied")
		}
	})
}

func TestNoDevice(t *testing.T) {
	c := start(t, authserver.Options{NoDevice: true})
	if a := c.must(c.json(c.ep.device, "client_id", c.id)); a.status != http.StatusNotFound {
		t.Errorf("status %d, want 404", a.status)
	}
	c = start(t, authserver.Options{Profile: authserver.ProfileOAuth, NoDevice: true})
	if a := c.get("/.well-known/oauth-authorization-server"); strings.Contains(a.body, "device_authorization_endpoint") {
		t.Errorf("the metadata names a device endpoint: %s", a.body)
	}
}
