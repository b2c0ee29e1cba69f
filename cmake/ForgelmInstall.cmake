# What `cmake --install` lays down: the binary, libforgelm.so, the engine, the SentencePiece part, the Parquet reader with Arrow's libraries, completions,
# man pages and the JSON Schema. The binary finds the libraries from where it stands ($ORIGIN/../lib), so the folder may be moved as
# a whole. libtorch is not installed: FORGELM_LIBTORCH or the folder that the build was made with names it.
include(GNUInstallDirs)
set(forgelm_generated_docs "${PROJECT_SOURCE_DIR}/docs/generated")

set(forgelm_installed forgelm libforgelm forgelm_sentencepiece)
if(TARGET forgelm_engine)
  list(APPEND forgelm_installed forgelm_engine)
endif()
if(TARGET forgelm_parquet)
  list(APPEND forgelm_installed forgelm_parquet)
  foreach(name forgelm_libarrow forgelm_libparquet)  # beside the reader, which looks there first
    get_target_property(file ${name} IMPORTED_LOCATION)
    get_target_property(soname ${name} IMPORTED_SONAME)
    file(REAL_PATH "${file}" file)
    install(FILES "${file}" DESTINATION lib RENAME "${soname}")
  endforeach()
  get_filename_component(folder "${file}" DIRECTORY)
  file(GLOB licences "${folder}/../pyarrow-*.dist-info/licenses/*")
  install(FILES ${licences} DESTINATION "${CMAKE_INSTALL_DOCDIR}/arrow")
endif()
if(TARGET forgelm_pdf_text)
  install(TARGETS forgelm_pdf_text RUNTIME DESTINATION lib)
  get_target_property(file forgelm_libpdfium IMPORTED_LOCATION)
  install(FILES "${file}" DESTINATION lib)
  get_filename_component(folder "${file}" DIRECTORY)
  file(GLOB licences "${folder}/../pypdfium2-*.dist-info/licenses/*")
  install(DIRECTORY ${licences} DESTINATION "${CMAKE_INSTALL_DOCDIR}/pdfium")
endif()
# Always lib, never lib64 or lib/x86_64-linux-gnu: CMAKE_INSTALL_RPATH and the loader of the engine count on it.
install(TARGETS ${forgelm_installed} RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/config_template.yaml" "${forgelm_generated_docs}/forgelm.schema.json"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/forgelm")
install(FILES "${forgelm_generated_docs}/completions/forgelm.bash"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME forgelm)
install(FILES "${forgelm_generated_docs}/completions/_forgelm" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES "${forgelm_generated_docs}/completions/forgelm.fish"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(DIRECTORY "${forgelm_generated_docs}/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" FILES_MATCHING PATTERN "*.1")
