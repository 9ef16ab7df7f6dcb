package authserver

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// States of a device flow.
const (
	devicePending = iota
	deviceApproved
	deviceDenied
	deviceDone
)

// deviceLife is the time for the approval.
const deviceLife = 15 * time.Minute

// openaiDeviceScope is the scope of a device sign-in: OpenAI's device flow has no scope parameter.
const openaiDeviceScope = "openid profile email offline_access"

// A device is one device flow.
type device struct {
	userCode string
	scope    string
	user     User
	state    int
	expiry   time.Time
	interval time.Duration
	polled   time.Time // the last poll; before it the start of the flow
}

// devices is keyed by the device code.
type devices map[string]*device

// ApproveDevice approves the device flow with the code, as the user does on the device page.
func (s *Server) ApproveDevice(userCode string) error {
	return s.decideDevice(userCode, deviceApproved)
}

// DenyDevice refuses the device flow with the code.
func (s *Server) DenyDevice(userCode string) error {
	return s.decideDevice(userCode, deviceDenied)
}

// WaitingDevices returns the user codes of the undecided device flows, in order.
func (s *Server) WaitingDevices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var codes []string
	for _, d := range s.devices {
		if d.state == devicePending {
			codes = append(codes, d.userCode)
		}
	}
	slices.Sort(codes)
	return codes
}

func (s *Server) decideDevice(userCode string, state int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.decide(userCode, state)
}

// decide is decideDevice for callers that hold s.mu.
func (s *Server) decide(userCode string, state int) error {
	for _, d := range s.devices {
		if d.userCode == userCode && d.state == devicePending {
			d.state, d.user = state, s.user
			return nil
		}
	}
	return fmt.Errorf("no device waits with the code %q", userCode)
}

// newDevice starts a device flow. The caller holds s.mu.
func (s *Server) newDevice(prefix, scope string) (deviceCode string, d *device) {
	now := s.opts.Now()
	deviceCode = s.tokens.draw(prefix, 32)
	d = &device{
		userCode: newUserCode(), scope: scope, expiry: now.Add(deviceLife),
		interval: time.Duration(s.opts.DeviceInterval) * time.Second, polled: now,
	}
	s.devices[deviceCode] = d
	return deviceCode, d
}

// newUserCode draws a code like BCDF-1234, without letters that make words.
func newUserCode() string {
	const letters, digits = "BCDFGHJKLMNPQRST", "0123456789"
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	for i, v := range b {
		if i < 4 {
			b[i] = letters[int(v)%len(letters)]
		} else {
			b[i] = digits[int(v)%len(digits)]
		}
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// devicePage asks for the user code, or takes it from the query or the form. action=deny refuses.
func devicePage(s *Server, req request) reply {
	userCode := req.get("user_code")
	if userCode == "" {
		page := htmlReply(http.StatusOK, "Enter the code")
		page.body = append(page.body, `<form method="post"><input name="user_code"><button>Approve</button><button name="action" value="deny">Deny</button></form>`...)
		return page
	}
	state, title := deviceApproved, "The device is signed in"
	if req.get("action") == "deny" {
		state, title = deviceDenied, "The device was refused"
	}
	if err := s.decide(userCode, state); err != nil {
		return htmlReply(http.StatusNotFound, "Unknown code")
	}
	return htmlReply(http.StatusOK, title)
}

func openaiDevice(s *Server, req request) reply {
	if s.opts.NoDevice {
		return notFound(s, req)
	}
	if req.encoding != encodedJSON {
		return openaiRefuse(*invalidRequest("Unsupported content type."))
	}
	if bad := s.wrongClient(req); bad != nil {
		return openaiRefuse(*bad)
	}
	id, d := s.newDevice("deviceauth_", openaiDeviceScope)
	return jsonReply(http.StatusOK, struct {
		ID       string `json:"device_auth_id"`
		UserCode string `json:"user_code"`
		Interval string `json:"interval"`
	}{id, d.userCode, strconv.Itoa(s.opts.DeviceInterval)})
}

// openaiDeviceToken answers with a code and its verifier. 403 means "not yet".
func openaiDeviceToken(s *Server, req request) reply {
	d := s.devices[req.get("device_auth_id")]
	if req.encoding != encodedJSON || d == nil || d.userCode != req.get("user_code") {
		return openaiRefuse(*invalidRequest("Unknown device code."))
	}
	if e := s.deviceRefusal(d); e != nil {
		return openaiRefuse(*e)
	}
	d.state = deviceDone
	verifier := s.tokens.draw("", 64)
	challenge := challengeOf(verifier)
	return jsonReply(http.StatusOK, struct {
		Code      string `json:"authorization_code"`
		Challenge string `json:"code_challenge"`
		Verifier  string `json:"code_verifier"`
	}{s.newCode(code{
		user: d.user, scope: d.scope,
		redirectURI: s.url + "/deviceauth/callback", challenge: challenge,
	}), challenge, verifier})
}

// deviceRefusal returns the reason why the device gets nothing now, or nil.
func (s *Server) deviceRefusal(d *device) *refusal {
	refuse := func(status int, code, message string) *refusal {
		return &refusal{code: code, message: message, status: status}
	}
	switch {
	case d.state == deviceDenied:
		return refuse(http.StatusBadRequest, "access_denied", "The request was denied.")
	case d.state == deviceDone:
		return refuse(http.StatusBadRequest, "invalid_grant", "The device code was already used.")
	case !s.opts.Now().Before(d.expiry):
		return refuse(http.StatusBadRequest, "expired_token", "The device code has expired.")
	case d.state == devicePending:
		return refuse(http.StatusForbidden, "authorization_pending", "The device is not yet approved.")
	}
	return nil
}

// oauthDevice is RFC 8628 section 3.2.
func oauthDevice(s *Server, req request) reply {
	if s.opts.NoDevice {
		return notFound(s, req)
	}
	if req.encoding != encodedForm {
		return oauthRefuse(*invalidRequest("the body is not a form"))
	}
	if bad := s.wrongClient(req); bad != nil {
		return oauthRefuse(*bad)
	}
	deviceCode, d := s.newDevice("", req.get("scope"))
	page := s.url + oauthDevicePage
	return jsonReply(http.StatusOK, map[string]any{
		"device_code":               deviceCode,
		"user_code":                 d.userCode,
		"verification_uri":          page,
		"verification_uri_complete": page + "?user_code=" + d.userCode,
		"expires_in":                int(deviceLife / time.Second),
		"interval":                  s.opts.DeviceInterval,
	})
}

// slowDown is the time by which each early poll lengthens the interval (RFC 8628 section 3.5).
const slowDown = 5 * time.Second

func (s *Server) oauthDeviceToken(req request) reply {
	if bad := s.wrongClient(req); bad != nil {
		return oauthRefuse(*bad)
	}
	d := s.devices[req.get("device_code")]
	if d == nil {
		return oauthRefuse(invalidGrant("unknown device code"))
	}
	now := s.opts.Now()
	early := now.Sub(d.polled) < d.interval
	d.polled = now
	if early {
		d.interval += slowDown
		return oauthRefuse(slowDownRefusal())
	}
	if e := s.deviceRefusal(d); e != nil {
		e.status = http.StatusBadRequest
		return oauthRefuse(*e)
	}
	d.state = deviceDone
	return s.issue(&family{user: d.user, scope: d.scope})
}

func slowDownRefusal() refusal {
	return refusal{code: SlowDown, message: "poll less often", status: http.StatusBadRequest}
}
