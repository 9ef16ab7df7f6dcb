package wire

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// Foreign reports whether the credential's token must not be sent to the host without a person's permission: the token
// is ChatGPT's and the host is not. The zero Host is not ChatGPT's.
func Foreign(host Host, c helper.Credential) bool { return !host.ChatGPT() && ChatGPT(c) }

// ChatGPT reports whether the credential's token is accepted by ChatGPT's own back ends, and so must not be sent
// elsewhere. The issuer's hosts decide, and the token's own issuer (the iss claim, RFC 7519 section 4.1.1). The
// profile, which a person chose, can only make a token ChatGPT's. An address that cannot be parsed unambiguously counts
// as ChatGPT's.
func ChatGPT(c helper.Credential) bool {
	if c.Issuer.Profile == openAI {
		return true
	}
	for _, address := range []string{
		c.Issuer.URL, c.Issuer.TokenEndpoint, c.Issuer.AuthorizationEndpoint,
		c.Issuer.DeviceEndpoint, c.Issuer.RevocationEndpoint, issuerOf(c.AccessToken),
	} {
		if isOpenAI(address) {
			return true
		}
	}
	return false
}

// openAI is the profile of ChatGPT's issuer.
const openAI = "openai"

// isOpenAI reports whether the address, a URL or a bare host, belongs to OpenAI, or is written so that other programs
// may read it as such.
func isOpenAI(address string) bool {
	address = strings.ToLower(address)
	u, err := url.Parse(address)
	if err == nil && u.Host == "" && address != "" { // no scheme
		u, err = url.Parse("https://" + strings.TrimLeft(address, "/"))
	}
	if err != nil {
		return strings.Contains(address, "openai") || strings.Contains(address, "chatgpt") || !isASCII(address)
	}
	name := strings.TrimRight(u.Hostname(), ".")
	for _, domain := range []string{"openai.com", "chatgpt.com"} {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return true
		}
	}
	return !isASCII(name) // clients map some other characters to ASCII (UTS #46)
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' })
}

// issuerOf returns the iss claim of a JWT, or "". It does not check the signature; the back end does.
func issuerOf(token helper.Secret) string {
	var claims struct {
		Issuer string `json:"iss"`
	}
	_ = json.Unmarshal(payloadOf(token), &claims) // the issuer of a token that is not a JWT is empty
	return claims.Issuer
}

// payloadOf returns the payload of a JWT, or nil.
func payloadOf(token helper.Secret) []byte {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	return payload
}
