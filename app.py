from majorops import create_app

app = create_app()
