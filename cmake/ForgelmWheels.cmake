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

# An optional part of the build that stands on such a folder: sets FORGELM_HAS_<part>, and forgelm_<name> as above. With
# FORGELM_<part>=AUTO a build goes on without, with ON it stops.
#   forgelm_optional_part(PARQUET arrow Arrow "read Parquet files")
function(forgelm_optional_part part name product purpose)
  set(FORGELM_HAS_${part} OFF PARENT_SCOPE)
  set_property(CACHE FORGELM_${part} PROPERTY STRINGS AUTO ON OFF)
  if(NOT FORGELM_${part})
    return()
  endif()
  string(TOUPPER "FORGELM_${name}" folder_option)
  forgelm_wheel_folder(${name} ${folder_option})
  set(forgelm_${name} "${forgelm_${name}}" PARENT_SCOPE)
  if(forgelm_${name})
    set(FORGELM_HAS_${part} ON PARENT_SCOPE)
  elseif(FORGELM_${part} STREQUAL "AUTO")
    message(WARNING "This build will not ${purpose}: there is no ${product}. ${forgelm_${name}_problem}\n"
      "Configure with -D${folder_option}=FOLDER to name one; -DFORGELM_${part}=OFF silences this.")
  else()
    message(FATAL_ERROR "This build cannot ${purpose}: there is no ${product}. ${forgelm_${name}_problem}\n"
      "Configure with -D${folder_option}=FOLDER to name one, or with -DFORGELM_${part}=OFF to build without.")
  endif()
endfunction()
