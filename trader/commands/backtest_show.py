def show_folder(session, folder, book, html):
    print("finished", folder.path)
    return 0
