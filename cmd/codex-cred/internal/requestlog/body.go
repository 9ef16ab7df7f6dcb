package requestlog

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"net/url"
	"slices"
	"strings"
)

const (
	jsonType = "application/json"
	// maxMasked bounds the size of a logged body, so that a line is one write.
	maxMasked = 16 << 10
	// maxDigits is more digits than a duration in seconds has.
	maxDigits = 10
)

// maskBody returns the body with every value replaced by its kind and length
// class, except for values that are known to be harmless. A body that is not a
// complete JSON value or form is replaced as a whole; an empty one is nil.
func maskBody(contentType, body string) json.RawMessage {
	if body == "" {
		return nil
	}
	whole := text(replaced("body", len(body)))
	var members map[string]any
	switch contentType {
	case jsonType:
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.UseNumber()
		if decoder.Decode(&members) != nil || decoder.Decode(&struct{}{}) != io.EOF {
			return whole
		}
	default:
		form, err := url.ParseQuery(body)
		if err != nil {
			return whole
		}
		members = map[string]any{}
		for name, values := range form {
			members[name] = values[0]
			if len(values) > 1 {
				members[name] = anyOf(values)
			}
		}
	}
	if masked := maskMembers(members); len(masked) <= maxMasked {
		return masked
	}
	return whole
}

func anyOf(values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// unknown is the kind of a member with an unknown name, which could itself be a
// secret.
const unknown = "unknown"

// maskMembers masks the members, and puts those with unknown names in one list.
func maskMembers(members map[string]any) json.RawMessage {
	masked := make(map[string]json.RawMessage, len(members))
	var others []json.RawMessage
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if show, ok := known()[name]; ok {
			masked[name] = maskValue(name, members[name], show)
		} else {
			others = append(others, maskValue(unknown, members[name], nothing))
		}
	}
	if len(others) > 0 {
		masked[unknown] = encode(others)
	}
	return encode(masked)
}

func maskValue(kind string, value any, show func(string) bool) json.RawMessage {
	switch v := value.(type) {
	case map[string]any:
		return maskMembers(v)
	case []any:
		list := make([]json.RawMessage, len(v))
		for i := range v {
			list[i] = maskValue(kind, v[i], show)
		}
		return encode(list)
	case string:
		if show(v) {
			return text(v)
		}
		return text(replaced(kind, len(v)))
	case json.Number:
		if show(v.String()) {
			return json.RawMessage(v)
		}
		return text("[" + kind + ", a number]")
	case bool:
		return text("[" + kind + ", a boolean]")
	}
	return json.RawMessage("null")
}

func text(s string) json.RawMessage { return encode(s) }

// encode returns the JSON of a value that always has one.
func encode[T string | []json.RawMessage | map[string]json.RawMessage](v T) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// replaced returns what is logged in place of a text: its kind, and the powers
// of two between which its length is.
func replaced(kind string, length int) string {
	const least, kib = 16, 1024
	class := "under 16 bytes"
	switch low := 1 << (bits.Len(uint(max(length, 1))) - 1); {
	case length >= maxSize:
		class = "1 MiB or more"
	case low >= kib:
		class = fmt.Sprintf("%d-%d KiB", low/kib, 2*low/kib)
	case low >= least:
		class = fmt.Sprintf("%d-%d bytes", low, 2*low)
	}
	return "[" + kind + ", " + class + "]"
}

// known returns the names that may be logged, and for each the values that may
// be. A value is logged only if it is a word of the protocol or a small number,
// because a server may answer anything under any name.
func known() map[string]func(string) bool {
	errorCode := oneOf(
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope",
		"unsupported_token_type", "server_error", "temporarily_unavailable", "access_denied", "authorization_pending",
		"slow_down", "expired_token",
		"refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated",
		"token_expired", "invalid_request_error",
	)
	names := map[string]func(string) bool{
		"error": errorCode, "code": errorCode, "type": errorCode,
		"grant_type":      oneOf("authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"),
		"token_type":      oneOf("Bearer", "bearer"),
		"token_type_hint": oneOf("access_token", "refresh_token"),
		"scope":           words("openid", "profile", "email", "offline_access"),
		"expires_in":      small, "interval": small,
	}
	for _, name := range []string{
		"access_token", "refresh_token", "id_token", "token", "client_id", "code_verifier", "code_challenge", "redirect_uri",
		"authorization_code",
		"device_code", "device_auth_id", "user_code", "usercode", "verification_uri", "verification_uri_complete",
		"expires_at",
		"error_description", "error_uri", "message", "detail",
		"issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint", "device_authorization_endpoint",
		"scopes_supported", "code_challenge_methods_supported", "authorization_response_iss_parameter_supported",
	} {
		names[name] = nothing
	}
	return names
}

// nothing allows no value.
func nothing(string) bool { return false }

// oneOf allows the values in the list.
func oneOf(list ...string) func(string) bool {
	return func(value string) bool { return slices.Contains(list, value) }
}

// words allows a text if each of its words is in the list.
func words(list ...string) func(string) bool {
	return func(value string) bool {
		for word := range strings.FieldsSeq(value) {
			if !slices.Contains(list, word) {
				return false
			}
		}
		return len(value) < 1<<8
	}
}

// small allows a number that can be a duration in seconds.
func small(value string) bool {
	return len(value) <= maxDigits && strings.Trim(value, "0123456789") == ""
}
