# forgelm_wheel_folder(TOOL VARIABLE): runs tools/TOOL, which finds libraries that come as wheels, and sets in the caller's scope
# forgelm_TOOL (the folder; empty when there is none) and forgelm_TOOL_problem (what the tool said then). VARIABLE, a cache
# variable and an environment variable of that name, names a folder of the user's own.
# The trap: the environment variable counts at the first configuring only; -DVARIABLE= later.
function(forgelm_wheel_folder tool variable)
  set(${variable} "$ENV{${variable}}" CACHE PATH
    "Folder that tools/${tool} checks and takes; empty: the pinned wheels, downloaded when they are not there yet")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/${tool}.lock")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "${variable}=${${variable}}" "${PROJECT_SOURCE_DIR}/tools/${tool}"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE said RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(said "")
  else()
    set(folder "")
    string(STRIP "tools/${tool} said:\n${said}" said)
  endif()
  set(forgelm_${tool} "${folder}" PARENT_SCOPE)
  set(forgelm_${tool}_problem "${said}" PARENT_SCOPE)
endfunction()
