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
	"github.com/codex-cred/codex-cred/refresh"
	"github.com/codex-cred/codex-cred/refresh/signin"
)

// A stage is an authorization server, and a person with a device whose time
// passes as soon as somebody waits.
type stage struct {
	server *authserver.Server
	device *signin.Device
	iss    helper.Issuer

	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
	shown []signin.Code
	// during is what happens in the wait of that number, from 1.
	during map[int]func()
}

func newStage(t *testing.T, o authserver.Options) *stage {
	t.Helper()
	s := &stage{now: time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC), during: map[int]func(){}}
	o.Now = s.Now
	server, err := authserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client := &refresh.Client{UserAgent: "codex-cred/test", Now: s.Now}
	settings := refresh.Settings{Profile: o.Profile, Issuer: server.URL(), RedirectURI: "http://127.0.0.1:7777/mine"}
	if o.Profile == refresh.ProfileOAuth {
		settings.ClientID = authserver.OAuthClientID
	}
	if s.iss, err = client.Issuer(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	s.server = server
	s.device = &signin.Device{
		Client: client, Now: s.Now, After: s.After,
		Show: func(c signin.Code) { s.shown = append(s.shown, c) },
	}
	return s
}

func (s *stage) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) After(d time.Duration) <-chan time.Time {
	s.mu.Lock()
	s.waits = append(s.waits, d)
	s.now = s.now.Add(d)
	during := s.during[len(s.waits)]
	s.mu.Unlock()
	if during != nil {
		during()
	}
	passed := make(chan time.Time, 1)
	passed <- s.Now()
	return passed
}

func (s *stage) signIn(t *testing.T) (helper.Credential, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return s.device.SignIn(ctx, s.iss)
}

func (s *stage) fail(t *testing.T, faults ...authserver.Fault) {
	t.Helper()
	for _, f := range faults {
		f.Grant = authserver.GrantDeviceToken
		if err := s.server.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
}

// approve lets the person approve in the wait of that number.
func (s *stage) approve(t *testing.T, wait int) {
	s.during[wait] = func() {
		if err := s.server.ApproveDevice(s.shown[0].UserCode); err != nil {
			t.Error(err)
		}
	}
}

func (s *stage) wantWaits(t *testing.T, seconds ...int) {
	t.Helper()
	want := make([]time.Duration, 0, len(seconds))
	for _, n := range seconds {
		want = append(want, time.Duration(n)*time.Second)
	}
	if !slices.Equal(s.waits, want) {
		t.Errorf("the waits are %v, want %v", s.waits, want)
	}
}

func TestDevice(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		s := newStage(t, authserver.Options{Profile: profile, DeviceInterval: 3})
		s.approve(t, 3)
		start := s.Now()
		c, err := s.signIn(t)
		if err != nil {
			t.Fatal(err)
		}
		user := authserver.DefaultUser()
		if c.Identity.Subject != user.Subject || c.Identity.Email != user.Email || c.Generation != 1 ||
			!s.server.Accepts(c.AccessToken.Reveal()) || c.RefreshToken.IsZero() {
			t.Errorf("identity %+v, generation %d", c.Identity, c.Generation)
		}
		if c.Issuer != s.iss {
			t.Errorf("the stored issuer is %+v, want %+v", c.Issuer, s.iss)
		}
		s.wantWaits(t, 3, 3, 3)
		code := s.shown[0]
		want := signin.Code{UserCode: code.UserCode, URL: s.server.URL() + "/codex/device", Expiry: start.Add(15 * time.Minute)}
		if profile == refresh.ProfileOAuth {
			want.URL = s.server.URL() + "/device"
			want.URLComplete = want.URL + "?user_code=" + code.UserCode
		}
		if len(s.shown) != 1 || code != want || len(code.UserCode) != 9 {
			t.Errorf("shown was %+v, want %+v once", s.shown, want)
		}
	})
}

// How troubles on the way lengthen the waits. The server asks for 5 seconds;
// the person approves in the last wait.
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
		{"never more than a minute", kind(authserver.Status500, authserver.Status500, authserver.Status500, authserver.Status500, authserver.Status500), []int{5, 10, 20, 40, 60, 60, 60}},
		{"Retry-After is for once", []authserver.Fault{{Kind: authserver.Status429, RetryAfter: 50}}, []int{5, 50, 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			profiles(t, func(t *testing.T, profile string) {
				s := newStage(t, authserver.Options{Profile: profile, DeviceInterval: 5})
				s.fail(t, c.faults...)
				s.approve(t, len(c.waits))
				if _, err := s.signIn(t); err != nil {
					t.Error(err)
				}
				s.wantWaits(t, c.waits...)
			})
		})
	}
}

// What ends a device sign-in, at which poll.
func TestDevice_Ends(t *testing.T) {
	polls := authserver.GrantDeviceToken
	for _, c := range []struct {
		name   string
		before func(t *testing.T, s *stage)
		want   error
		polls  int
	}{
		{"the person refuses", func(t *testing.T, s *stage) {
			s.during[2] = func() { _ = s.server.DenyDevice(s.shown[0].UserCode) }
		}, helper.ErrSignInRequired, 2},
		{"the server knows nothing of it", func(t *testing.T, s *stage) {
			s.fail(t, authserver.Fault{Kind: authserver.InvalidGrant})
		}, helper.ErrSignInRequired, 1},
		{"a redirect", func(t *testing.T, s *stage) {
			s.fail(t, authserver.Fault{Kind: authserver.Redirect})
		}, helper.ErrRejected, 1},
		{"HTML in place of tokens", func(t *testing.T, s *stage) {
			s.fail(t, authserver.Fault{Kind: authserver.HTML200})
		}, helper.ErrRejected, 1},
		{"the answer is lost", func(t *testing.T, s *stage) {
			s.approve(t, 1)
			s.fail(t, authserver.Fault{Kind: authserver.DropAfter})
		}, helper.ErrSignInRequired, 2},
		{"nobody comes", func(*testing.T, *stage) {}, helper.ErrTemporary, 44},
		{"an endless limit", func(_ *testing.T, s *stage) { s.device.Limit = 24 * time.Hour }, helper.ErrTemporary, 44},
		{"nobody comes within the limit", func(_ *testing.T, s *stage) { s.device.Limit = 50 * time.Second }, helper.ErrTemporary, 2},
		{"nobody can be asked", func(t *testing.T, s *stage) {
			s.fail(t, authserver.Fault{Kind: authserver.DropBefore, Times: authserver.Forever})
			s.device.Limit = 5 * time.Minute
		}, helper.ErrTemporary, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			profiles(t, func(t *testing.T, profile string) {
				s := newStage(t, authserver.Options{Profile: profile, DeviceInterval: 20})
				c.before(t, s)
				got, err := s.signIn(t)
				if !errors.Is(err, c.want) || !got.AccessToken.IsZero() {
					t.Errorf("error %v, want %v and no credential", err, c.want)
				}
				if n := s.server.Count(polls); n != c.polls {
					t.Errorf("%d polls, want %d", n, c.polls)
				}
				if n := s.server.Count(authserver.GrantElsewhere); n != 0 {
					t.Error("the redirect was followed")
				}
				wantNoSecret(t, s.server, err)
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

// A person reads how long the wait was, and why it may have been in vain.
func TestDevice_LateSaysWhy(t *testing.T) {
	s := newStage(t, authserver.Options{})
	s.fail(t, authserver.Fault{Kind: authserver.Status503, Times: authserver.Forever})
	_, err := s.signIn(t)
	if err == nil || !strings.Contains(err.Error(), "within 15m0s") || !strings.Contains(err.Error(), "answered 503") {
		t.Errorf("error %v, want the 15 minutes and the 503", err)
	}
}

// A server that forgets its code sooner than in 15 minutes is not polled
// longer.
func TestDevice_ExpiryOfTheServer(t *testing.T) {
	s := newStage(t, authserver.Options{Profile: refresh.ProfileOAuth, DeviceInterval: 20})
	s.iss.DeviceEndpoint = serve(t, `{"device_code":"d","user_code":"A","verification_uri":"https://issuer.example/","interval":20,"expires_in":70}`)
	s.fail(t, authserver.Fault{Kind: authserver.Status503, Times: authserver.Forever})
	if _, err := s.signIn(t); !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
	s.wantWaits(t, 20, 40, 10)
	if want := s.Now(); s.shown[0].Expiry != want {
		t.Errorf("the expiry shown is %s, want %s", s.shown[0].Expiry, want)
	}
}

// However patient the server and the owner are, 15 minutes are the end.
func TestDevice_PatientServer(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{0: 15 * time.Minute, time.Hour: 15 * time.Minute, time.Minute: time.Minute} {
		s := newStage(t, authserver.Options{Profile: refresh.ProfileOAuth})
		s.iss.DeviceEndpoint = serve(t, `{"device_code":"d","user_code":"A","verification_uri":"https://issuer.example/","expires_in":3600}`)
		s.fail(t, authserver.Fault{Kind: authserver.Status503, Times: authserver.Forever})
		s.device.Limit = limit
		start := s.Now()
		_, err := s.signIn(t)
		if took := s.Now().Sub(start); took != want || s.shown[0].Expiry.Sub(start) != want || !errors.Is(err, helper.ErrTemporary) {
			t.Errorf("limit %s: error %v after %s, shown %s; want %s", limit, err, took, s.shown[0].Expiry.Sub(start), want)
		}
	}
}

func TestDevice_NotOffered(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		s := newStage(t, authserver.Options{Profile: profile, NoDevice: true})
		if _, err := s.signIn(t); !errors.Is(err, refresh.ErrNoDevice) || len(s.shown) != 0 {
			t.Errorf("error %v, shown %v; want ErrNoDevice and nothing", err, s.shown)
		}
	})
}

func TestDevice_Cancelled(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		s := newStage(t, authserver.Options{Profile: profile})
		ctx, cancel := context.WithCancel(t.Context())
		s.during[2] = cancel
		if _, err := s.device.SignIn(ctx, s.iss); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want Canceled", err)
		}
		if n := s.server.Count(authserver.GrantDeviceToken); n != 1 {
			t.Errorf("%d polls, want 1", n)
		}
	})
}

// Who gives up when the time is over too has given up.
func TestDevice_CancelledLate(t *testing.T) {
	s := newStage(t, authserver.Options{})
	s.device.Limit = time.Second
	ctx, cancel := context.WithCancel(t.Context())
	s.during[1] = cancel
	if _, err := s.device.SignIn(ctx, s.iss); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
}

// A sleeping computer wakes after the time is over: nothing is asked any more.
func TestDevice_ClockJumps(t *testing.T) {
	s := newStage(t, authserver.Options{})
	s.during[2] = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now = s.now.Add(time.Hour)
	}
	if _, err := s.signIn(t); !errors.Is(err, helper.ErrTemporary) || s.server.Count(authserver.GrantDeviceToken) != 1 {
		t.Errorf("error %v after %d polls, want ErrTemporary after 1", err, s.server.Count(authserver.GrantDeviceToken))
	}
}
