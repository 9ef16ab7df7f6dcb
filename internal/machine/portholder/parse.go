package portholder

import (
	"encoding/csv"
	"strconv"
	"strings"
)

// parseLsof parses the first process in the output of lsof -Fpc: a line each for the process (p)
// and its name (c).
func parseLsof(out string) (Holder, bool) {
	var h Holder
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "p") && h.PID == 0:
			h.PID, _ = strconv.Atoi(line[1:]) // 0: unknown
		case strings.HasPrefix(line, "c") && h.Name == "":
			h.Name = line[1:]
		}
	}
	return h, h.PID > 0
}

// parseNetstat returns the process that listens on the port, from the output of netstat -ano. The
// names of states are translated, so a listener is recognised by the foreign port 0.
func parseNetstat(out string, port uint16) (pid int, ok bool) {
	const local, foreign, process, columns = 1, 2, 4, 5
	suffix := ":" + strconv.Itoa(int(port))
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) != columns || words[0] != "TCP" {
			continue
		}
		if strings.HasSuffix(words[local], suffix) && strings.HasSuffix(words[foreign], ":0") {
			pid, err := strconv.Atoi(words[process])
			return pid, err == nil && pid > 0
		}
	}
	return 0, false
}

// parseTasklist returns the name of the process from the output of tasklist /FO CSV /NH.
func parseTasklist(out string) string {
	record, err := csv.NewReader(strings.NewReader(out)).Read()
	if err != nil || len(record) < 2 { // otherwise a message that there is none
		return ""
	}
	return record[0]
}
