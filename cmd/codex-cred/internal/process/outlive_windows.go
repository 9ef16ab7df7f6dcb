package process

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemKeepsWorkers reports whether a worker leaves the job that this process is
// in, or the job kills nobody when it ends.
func systemKeepsWorkers() bool {
	const leaves = windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK | windows.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	err := windows.QueryInformationJobObject(0, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil)
	if err != nil { // it is in no job
		return true
	}
	limits := info.BasicLimitInformation.LimitFlags
	return limits&windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE == 0 || limits&leaves != 0
}
