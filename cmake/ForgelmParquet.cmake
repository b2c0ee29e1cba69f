# Reading Parquet: libforgelm_parquet.so from src/parquet, built against the Arrow C++ libraries that tools/arrow finds (FORGELM_ARROW or
# the pinned wheel of pyarrow, fetched once per machine). Sets FORGELM_HAS_PARQUET: with FORGELM_PARQUET=AUTO a build goes on
# without when there is no Arrow, with ON it stops.
include(ForgelmWheels)
forgelm_optional_part(PARQUET arrow Arrow "read Parquet files")
if(NOT FORGELM_HAS_PARQUET)
  return()
endif()

file(GLOB forgelm_arrow_library "${forgelm_arrow}/libarrow.so.*" "${forgelm_arrow}/lib/libarrow.so.*")
list(GET forgelm_arrow_library 0 forgelm_arrow_library)  # libarrow.so.2600 sorts before libarrow.so.2600.1.0
get_filename_component(forgelm_arrow_lib "${forgelm_arrow_library}" DIRECTORY)
get_filename_component(forgelm_arrow_library "${forgelm_arrow_library}" NAME)
string(REPLACE "libarrow.so." "" forgelm_arrow_so_version "${forgelm_arrow_library}")
message(STATUS "Arrow ${forgelm_arrow_so_version}: ${forgelm_arrow}")

foreach(name arrow parquet)
  set(file "lib${name}.so.${forgelm_arrow_so_version}")
  add_library(forgelm_lib${name} SHARED IMPORTED GLOBAL)
  set_target_properties(forgelm_lib${name} PROPERTIES IMPORTED_LOCATION "${forgelm_arrow_lib}/${file}" IMPORTED_SONAME "${file}"
    INTERFACE_INCLUDE_DIRECTORIES "${forgelm_arrow}/include")
endforeach()

file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/parquet/*.cpp")
add_library(forgelm_parquet MODULE ${sources})  # opened on first use, never linked
target_link_libraries(forgelm_parquet PRIVATE libforgelm forgelm_libparquet forgelm_libarrow)
target_compile_definitions(forgelm_parquet PRIVATE FORGELM_VERSION="${PROJECT_VERSION}")
forgelm_warnings(forgelm_parquet)
forgelm_sanitizers(forgelm_parquet)
set_target_properties(forgelm_parquet PROPERTIES INSTALL_RPATH "$ORIGIN;${forgelm_arrow_lib}")
