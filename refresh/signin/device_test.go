package signin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
	"github.com/codex-cred/codex-cred/refresh/signin"
)

// A deviceFixture is an authorization server, and a person with a device. Its clock advances during each wait.
type deviceFixture struct {
	server *authserver.Server
	device *signin.Device
	iss    helper.Issuer

	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
	shown []signin.Code
	// during is called in the wait of that number, from 1.
	during map[int]func()
}

func newDeviceFixture(t *testing.T, o authserver.Options) *deviceFixture {
	t.Helper()
	fix := &deviceFixture{now: time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC), during: map[int]func(){}}
	o.Now = fix.Now
	server, err := authserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client := &refresh.Client{UserAgent: "codex-cred/test", Now: fix.Now}
	settings := refresh.Settings{Profile: o.Profile, Issuer: server.URL(), RedirectURI: "http://127.0.0.1:7777/mine"}
	if o.Profile == refresh.ProfileOAuth {
		settings.ClientID = authserver.OAuthClientID
	}
	if fix.iss, err = client.Issuer(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	fix.server = server
	fix.device = &signin.Device{
		Client: client, Now: fix.Now, After: fix.After,
		Show: func(c signin.Code) { fix.shown = append(fix.shown, c) },
	}
	return fix
}

func (fix *deviceFixture) Now() time.Time {
	fix.mu.Lock()
	defer fix.mu.Unlock()
	return fix.now
}

func (fix *deviceFixture) After(d time.Duration) <-chan time.Time {
	fix.mu.Lock()
	fix.waits = append(fix.waits, d)
	fix.now = fix.now.Add(d)
	during := fix.during[len(fix.waits)]
	fix.mu.Unlock()
	if during != nil {
		during()
	}
	passed := make(chan time.Time, 1)
	passed <- fix.Now()
	return passed
}

func (fix *deviceFixture) signIn(t *testing.T) (helper.Credential, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	defer cancel()
	return fix.device.SignIn(ctx, fix.iss)
}

func (fix *deviceFixture) fail(t *testing.T, faults ...authserver.Fault) {
	t.Helper()
	for _, f := range faults {
		f.Grant = authserver.GrantDeviceToken
		if err := fix.server.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
}

// approve makes the person approve in the wait of that number.
func (fix *deviceFixture) approve(t *testing.T, wait int) {
	fix.during[wait] = func() {
		if err := fix.server.ApproveDevice(fix.shown[0].UserCode); err != nil {
			t.Error(err)
		}
	}
}

func (fix *deviceFixture) wantWaits(t *testing.T, seconds ...int) {
	t.Helper()
	want := make([]time.Duration, 0, len(seconds))
	for _, n := range seconds {
		want = append(want, time.Duration(n)*time.Second)
	}
	if !slices.Equal(fix.waits, want) {
		t.Errorf("the waits are %v, want %v", fix.waits, want)
	}
}

func TestDevice(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		fix := newDeviceFixture(t, authserver.Options{Profile: profile, DeviceInterval: 3})
		fix.approve(t, 3)
		start := fix.Now()
		c, err := fix.signIn(t)
		if err != nil {
			t.Fatal(err)
		}
		user := authserver.DefaultUser()
		if c.Identity.Subject != user.Subject || c.Identity.Email != user.Email || c.Generation != 1 ||
			!fix.server.Accepts(c.AccessToken.Reveal()) || c.RefreshToken.IsZero() {
			t.Errorf("identity %+v, generation %d", c.Identity, c.Generation)
		}
		if c.Issuer != fix.iss {
			t.Errorf("the stored issuer is %+v, want %+v", c.Issuer, fix.iss)
		}
		fix.wantWaits(t, 3, 3, 3)
		code := fix.shown[0]
		want := signin.Code{
			UserCode: code.UserCode, URL: fix.server.URL() + "/codex/device",
			Expiry: start.Add(15 * time.Minute),
		}
		if profile == refresh.ProfileOAuth {
			want.URL = fix.server.URL() + "/device"
			want.URLComplete = want.URL + "?user_code=" + code.UserCode
		}
		if len(fix.shown) != 1 || code != want || len(code.UserCode) != 9 {
			t.Errorf("shown was %+v, want %+v once", fix.shown, want)
		}
	})
}

// TestDevice_Waits checks how failed polls lengthen the waits. The server's interval is 5 seconds; the person approves
// in the last wait.
func TestDevice_Waits(t *testing.T) {
	kind := func(kinds ...string) []authserver.Fault {
		faults := make([]authserver.Fault, 0, len(kinds))
		for _, k := range kinds {
			faults = append(faults, authserver.Fault{Kind: k})
		}
		return faults
	}
	for _, c := range []struct {
		name   string
		faults []authserver.Fault
		waits  []int
	}{
		{"slow_down lasts", kind(authserver.SlowDown, authserver.SlowDown), []int{5, 10, 15, 15}},
		{"a connection that breaks", kind(authserver.DropBefore, authserver.DropBefore), []int{5, 10, 20, 20}},
		{"half an answer", kind(authserver.Truncated), []int{5, 10, 10}},
		{"trouble, then slow_down", kind(authserver.DropBefore, authserver.SlowDown), []int{5, 10, 15, 15}},
		{"gateways", kind(authserver.Status502, authserver.Status503, authserver.Status408), []int{5, 10, 20, 40, 40}},
		{"never more than a minute", kind(authserver.Status500, authserver.Status500, authserver.Status500,
			authserver.Status500, authserver.Status500), []int{5, 10, 20, 40, 60, 60, 60}},
		{"Retry-After is for once", []authserver.Fault{{Kind: authserver.Status429, RetryAfter: 50}}, []int{5, 50, 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			profiles(t, func(t *testing.T, profile string) {
				fix := newDeviceFixture(t, authserver.Options{Profile: profile, DeviceInterval: 5})
				fix.fail(t, c.faults...)
				fix.approve(t, len(c.waits))
				if _, err := fix.signIn(t); err != nil {
					t.Error(err)
				}
				fix.wantWaits(t, c.waits...)
			})
		})
	}
}

// TestDevice_Ends checks which answers end a device sign-in, and at which poll.
func TestDevice_Ends(t *testing.T) {
	polls := authserver.GrantDeviceToken
	for _, c := range []struct {
		name   string
		before func(t *testing.T, fix *deviceFixture)
		want   error
		polls  int
	}{
		{"the person refuses", func(t *testing.T, fix *deviceFixture) {
			fix.during[2] = func() { _ = fix.server.DenyDevice(fix.shown[0].UserCode) }
		}, helper.ErrSignInRequired, 2},
		{"the server knows nothing of it", func(t *testing.T, fix *deviceFixture) {
			fix.fail(t, authserver.Fault{Kind: authserver.InvalidGrant})
		}, helper.ErrSignInRequired, 1},
		{"a redirect", func(t *testing.T, fix *deviceFixture) {
			fix.fail(t, authserver.Fault{Kind: authserver.Redirect})
		}, helper.ErrRejected, 1},
		{"HTML in place of tokens", func(t *testing.T, fix *deviceFixture) {
			fix.fail(t, authserver.Fault{Kind: authserver.HTML200})
		}, helper.ErrRejected, 1},
		{"the answer is lost", func(t *testing.T, fix *deviceFixture) {
			fix.approve(t, 1)
			fix.fail(t, authserver.Fault{Kind: authserver.DropAfter})
		}, helper.ErrSignInRequired, 2},
		{"nobody comes", func(*testing.T, *deviceFixture) {}, helper.ErrTemporary, 44},
		{
			"an endless limit", func(_ *testing.T, fix *deviceFixture) { fix.device.Limit = 24 * time.Hour },
			helper.ErrTemporary, 44,
		},
		{
			"nobody comes within the limit", func(_ *testing.T, fix *deviceFixture) { fix.device.Limit = 50 * time.Second },
			helper.ErrTemporary, 2,
		},
		{"nobody can be asked", func(t *testing.T, fix *deviceFixture) {
			fix.fail(t, authserver.Fault{Kind: authserver.DropBefore, Times: authserver.Forever})
			fix.device.Limit = 5 * time.Minute
		}, helper.ErrTemporary, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			profiles(t, func(t *testing.T, profile string) {
				fix := newDeviceFixture(t, authserver.Options{Profile: profile, DeviceInterval: 20})
				c.before(t, fix)
				got, err := fix.signIn(t)
				if !errors.Is(err, c.want) || !got.AccessToken.IsZero() {
					t.Errorf("error %v, want %v and no credential", err, c.want)
				}
				if n := fix.server.Count(polls); n != c.polls {
					t.Errorf("%d polls, want %d", n, c.polls)
				}
				if n := fix.server.Count(authserver.GrantElsewhere); n != 0 {
					t.Error("the redirect was followed")
				}
				wantNoSecret(t, fix.server, err)
			})
		})
	}
}

func wantNoSecret(t *testing.T, server *authserver.Server, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, secret := range server.Secrets() {
		for i := 0; i+12 <= len(secret); i++ {
			if strings.Contains(text, secret[i:i+12]) {
				t.Fatalf("the error holds a piece of a secret: %v", err)
			}
		}
	}
	if strings.ContainsAny(fmt.Sprint(err), "\n\x1b\u202e") {
		t.Errorf("the error is not fit for a terminal: %q", err)
	}
}

// TestDevice_LateSaysWhy checks that the error contains the time limit and the last error of the server.
func TestDevice_LateSaysWhy(t *testing.T) {
	fix := newDeviceFixture(t, authserver.Options{})
	fix.fail(t, authserver.Fault{Kind: authserver.Status503, Times: authserver.Forever})
	_, err := fix.signIn(t)
	if err == nil || !strings.Contains(err.Error(), "within 15m0s") || !strings.Contains(err.Error(), "answered 503") {
		t.Errorf("error %v, want the 15 minutes and the 503", err)
	}
}

// TestDevice_ExpiryOfTheServer checks that polling stops when the server's code expires.
func TestDevice_ExpiryOfTheServer(t *testing.T) {
	fix := newDeviceFixture(t, authserver.Options{Profile: refresh.ProfileOAuth, DeviceInterval: 20})
	fix.iss.DeviceEndpoint = serve(t,
		`{"device_code":"d","user_code":"A","verification_uri":"https://issuer.example/","interval":20,"expires_in":70}`)
	fix.fail(t, authserver.Fault{Kind: authserver.Status503, Times: authserver.Forever})
	if _, err := fix.signIn(t); !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
	fix.wantWaits(t, 20, 40, 10)
	if want := fix.Now(); fix.shown[0].Expiry != want {
		t.Errorf("the expiry shown is %s, want %s", fix.shown[0].Expiry, want)
	}
}

// TestDevice_PatientServer checks that 15 minutes are the limit, whatever the server and the owner allow.
func TestDevice_PatientServer(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{
		0: 15 * time.Minute, time.Hour: 15 * time.Minute,
		time.Minute: time.Minute,
	} {
		fix := newDeviceFixture(t, authserver.Options{Profile: refresh.ProfileOAuth})
		fix.iss.DeviceEndpoint = serve(t,
			`{"device_code":"d","user_code":"A","verification_uri":"https://issuer.example/","expires_in":3600}`)
		fix.fail(t, authserver.Fault{Kind: authserver.Status503, Times: authserver.Forever})
		fix.device.Limit = limit
		start := fix.Now()
		_, err := fix.signIn(t)
		if took := fix.Now().Sub(start); took != want || fix.shown[0].Expiry.Sub(start) != want ||
			!errors.Is(err, helper.ErrTemporary) {
			t.Errorf("limit %s: error %v after %s, shown %s; want %s", limit, err, took, fix.shown[0].Expiry.Sub(start), want)
		}
	}
}
