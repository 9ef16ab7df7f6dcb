package authserver

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxBody is the largest body of a request.
const maxBody = 1 << 20

// Encodings of a request's parameters.
const (
	encodedQuery = "query"
	encodedForm  = "application/x-www-form-urlencoded"
	encodedJSON  = "application/json"
)

// A request is the decoded request of a client.
type request struct {
	http     *http.Request
	params   url.Values
	encoding string
	grant    string
}

// readRequest reads all parameters. An invalid request still has those that could be read.
func readRequest(hr *http.Request) (request, *refusal) {
	req := request{http: hr, encoding: encodedQuery, params: url.Values{}}
	query, err := url.ParseQuery(hr.URL.RawQuery)
	if err != nil {
		return req, invalidRequest("the query does not parse")
	}
	req.params = query
	if hr.Method != http.MethodPost {
		return req, req.check()
	}
	body, err := io.ReadAll(io.LimitReader(hr.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return req, invalidRequest("the body is cut or too large")
	}
	if bad := req.readBody(body); bad != nil {
		return req, bad
	}
	if len(query) > 0 {
		return req, invalidRequest("a POST has parameters in its URL")
	}
	return req, req.check()
}

func (req *request) readBody(body []byte) *refusal {
	req.encoding, _, _ = mime.ParseMediaType(req.http.Header.Get("Content-Type"))
	var err error
	switch req.encoding {
	case encodedForm:
		req.params, err = url.ParseQuery(string(body))
	case encodedJSON:
		req.params, err = parseJSON(body)
	default:
		return invalidRequest("the content type is neither a form nor JSON")
	}
	if err != nil {
		req.params = url.Values{}
		return invalidRequest("the body does not parse")
	}
	return nil
}

// parseJSON reads an object whose members are texts or null.
func parseJSON(body []byte) (url.Values, error) {
	var members map[string]*string
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	params := url.Values{}
	for name, value := range members {
		if value != nil {
			params.Set(name, *value)
		}
	}
	return params, nil
}

// check applies the rules for every request: RFC 6749 section 3.2 forbids repeated parameters, and
// a public client has no credentials.
func (req *request) check() *refusal {
	for _, values := range req.params {
		if len(values) > 1 {
			return invalidRequest("a parameter is there twice")
		}
	}
	if req.http.Header.Get("Authorization") != "" {
		return &refusal{code: "invalid_client", message: "a public client must not authenticate", status: http.StatusUnauthorized}
	}
	return nil
}

func (req *request) get(name string) string { return req.params.Get(name) }

// presented returns the token or code in the request.
func (req *request) presented() string {
	for _, name := range []string{"refresh_token", "code", "token", "device_code", "device_auth_id"} {
		if value := req.get(name); value != "" {
			return value
		}
	}
	return ""
}
